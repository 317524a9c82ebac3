//! What the frames of one connection cause, and which frames it receives.

use std::cell::LazyCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use axum::http::StatusCode;
use contract::chat::ChatText;
use contract::view::{GetChats, GetEntity, GetProfile};
use contract::{
    Accepted, CloudEvent, Command, CommandId, EntityId, EntityKind, EventType, NewEvent, Rejection,
    RejectionCause, RejectionCode, WorldId,
};
use door_kit::{Frame, Offers, Principal, Problem, Scope};

use crate::announcer::Announcer;
use crate::audience::{Audience, Visibility};
use crate::chat_with_agent::chat_with_agent;
use crate::client_entities::{ClientEntities, FoundTarget};
use crate::client_entity::{kind_of_sender, kind_of_target};
use crate::decode::{InboundEvent, InboundFrame};
use crate::encode::FlatEvent;
use crate::identity::{ClientIdentity, answers_in_chats, forged_sender};
use crate::known_targets::KnownTargets;
use crate::mapping::{self, WorldQuery};
use crate::profile::{NewestProfile, Profile};
use crate::request_tracker::RequestTracker;
use crate::senders::Senders;
use crate::state::GenWorldsState;
use crate::world_clients::WorldClients;
use crate::world_replies::{SCREENS, WorldReply, has_screens};
use crate::{error_frame, resolve};

/// Handles the frames of one connection to a world.
pub(crate) struct ConnectionHandler {
    state: GenWorldsState,
    world: WorldId,
    entities: ClientEntities,
    /// What the connections to the world share.
    clients: Arc<WorldClients>,
    audience: Audience,
    /// The entities as which the connection acts: by its frames, or by its address.
    senders: Mutex<Senders>,
    profile: Arc<NewestProfile>,
    requests: Mutex<RequestTracker>,
    targets: Mutex<KnownTargets>,
    announcer: Announcer,
    /// Whether a query of the world itself was passed on as an event.
    has_passed_query: AtomicBool,
}

/// What is to be done about a frame.
pub(crate) enum PreparedFrame {
    /// Send its event, in order with those before it.
    Command {
        id: CommandId,
        sender: EntityId,
        command: Box<Command>,
        sent: SentFrame,
    },
    /// Handle it with [`ConnectionHandler::handle`], once the frames before it have their outcomes: the
    /// world is read for it.
    Single(Box<InboundEvent>),
    /// Reply with this frame, in order with the outcomes of those before it.
    Refused(String),
    /// Nothing: it repeats an event that the client has received.
    Repeated,
}

/// What the reply to a frame needs once the outcome of its command is known.
pub(crate) struct SentFrame {
    event_type: EventType,
    sender: String,
    /// The name of its target.
    target: Option<String>,
}

impl ConnectionHandler {
    /// The handler of a connection. With `is_fixed` it acts only as the entity that its address names.
    pub(crate) fn new(
        state: GenWorldsState,
        world: WorldId,
        principal: Principal,
        visibility: Visibility,
        is_fixed: bool,
    ) -> Self {
        let clients = state.worlds.clients(&world);
        let profile: Arc<NewestProfile> = Arc::default();
        let limited_to = state.doors.readable_clients(&principal);
        let may_manage = principal.permissions().has(Scope::Manage);
        let entities = ClientEntities {
            doors: Arc::clone(&state.doors),
            world: world.clone(),
            principal,
            clients: Arc::clone(&clients),
            profile: Arc::clone(&profile),
            entities_max: state.settings.entities_max,
            is_open: limited_to.is_none() && !is_fixed && may_manage,
        };
        Self {
            audience: Audience {
                visibility,
                entities: limited_to,
                is_fixed,
                own_world: entities.own_world().ok(),
            },
            state,
            world,
            entities,
            clients,
            senders: Mutex::default(),
            profile,
            requests: Mutex::default(),
            targets: Mutex::default(),
            announcer: Announcer::default(),
            has_passed_query: AtomicBool::new(false),
        }
    }

    pub(crate) fn world(&self) -> &WorldId {
        &self.world
    }

    /// How long the client may be busy.
    pub(crate) fn busy_max(&self) -> std::time::Duration {
        self.state.settings.busy_max
    }

    /// The entity of this name, as which the connection acts from now on, in an event of this type.
    ///
    /// # Errors
    /// 403 when the client may not be that entity; 422 when no entity can have this name.
    pub(crate) async fn identify(
        &self,
        name: &str,
        event: Option<&InboundEvent>,
    ) -> Result<ClientIdentity, Problem> {
        if let Some(known) = self.senders().named(name) {
            return Ok(known.clone());
        }
        if self.audience.is_fixed && !self.senders().is_empty() {
            return self.require_fixed(name).await;
        }
        let entities_max = self.state.settings.entities_max;
        if self.senders().len() >= entities_max {
            let detail = format!("a connection acts as at most {entities_max} entities");
            let problem = Problem::new(StatusCode::FORBIDDEN, "too_many_entities", detail);
            return Err(problem.with_field("sender_id"));
        }
        let kind = event
            .and_then(|event| kind_of_sender(event.event_type.as_str(), event.target.is_some()));
        let identity = self.entities.sender(name, kind).await?;
        let presence = || self.entities.presence(&identity.id);
        // Frames of unknown senders are handled one by one: nothing else adds it meanwhile.
        self.senders().add(name, identity.clone(), presence);
        Ok(identity)
    }

    /// The only entity as which the connection acts, if this is a name of it.
    async fn require_fixed(&self, name: &str) -> Result<ClientIdentity, Problem> {
        let matches = self.entities.read_matches(name).await?;
        let named = resolve::sender(name, &self.world, &matches)?;
        let fixed = self.senders().first().cloned();
        let fixed = fixed.ok_or_else(Problem::internal)?;
        match named {
            resolve::Named::Known(entity) if entity.id == fixed.id => Ok(fixed),
            _ => Err(forged_sender(format!("this connection is {}", fixed.id))),
        }
    }

    /// Checks that the world exists: a log outlives its world for a while.
    ///
    /// # Errors
    /// 404 or 410 when it does not.
    pub(crate) async fn require_world(&self) -> Result<(), Problem> {
        let profile = self.state.doors.broker.view(&self.world, GetProfile);
        self.profile
            .update(Profile::from_view(profile.await?.view)?);
        Ok(())
    }

    /// Updates the profile of the world from an event.
    pub(crate) fn update_profile(&self, event: &CloudEvent) {
        if let Some(profile) = Profile::from_event(event) {
            self.profile.update(profile);
        }
    }

    /// Decodes a frame of the client, and decides how it is handled.
    pub(crate) fn prepare(&self, text: &str) -> PreparedFrame {
        let limits = &self.state.doors.socket_limits;
        if text.len() > limits.message_bytes_max {
            let detail = format!("an event has at most {} bytes", limits.message_bytes_max);
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail);
            return PreparedFrame::Refused(self.problem_frame(None, None, problem));
        }
        let InboundFrame { event_type, event } = InboundFrame::decode(text);
        let inbound = match event {
            Ok(inbound) => inbound,
            Err(problem) => {
                let frame = self.problem_frame(None, event_type.as_deref(), problem);
                return PreparedFrame::Refused(frame);
            }
        };
        if self.is_repeated(&inbound) {
            self.state.doors.record_repeated_frame();
            return PreparedFrame::Repeated;
        }
        if inbound.event_type.as_str() == SCREENS {
            self.clients.note_screens();
        }
        let Some((sender, event)) = self.resolve_known(&inbound) else {
            return PreparedFrame::Single(Box::new(inbound));
        };
        let event_type = event.event_type.clone();
        let (id, command) = self.command(event, None);
        if let Err(problem) = self.entities.check_command(&sender, &command) {
            return PreparedFrame::Refused(self.problem_of(&inbound, problem));
        }
        let sent = SentFrame {
            event_type,
            sender: inbound.sender,
            target: inbound.target,
        };
        PreparedFrame::Command {
            id,
            sender,
            command: Box::new(command),
            sent,
        }
    }

    /// Whether a frame repeats an event of the world that its clients have just received: some are triggered by
    /// the very events that they send. In the name of another, a connection that is one entity is refused. A query
    /// may be repeated as it is.
    fn is_repeated(&self, inbound: &InboundEvent) -> bool {
        let may_be_sender = || self.senders().named(&inbound.sender).is_some();
        let content = inbound.content();
        let content = content.filter(|_| !mapping::is_query(&inbound.event_type));
        content.is_some_and(|content| self.clients.recent().is_repeated(&content))
            && (!self.audience.is_fixed || may_be_sender())
    }

    /// The sender and the event of a frame, if no read of the world is needed to send it.
    fn resolve_known(&self, inbound: &InboundEvent) -> Option<(EntityId, NewEvent)> {
        let sender = self.senders().named(&inbound.sender)?.id.clone();
        let target = match &inbound.target {
            Some(name) if !self.targets().contains(name) => return None,
            Some(name) => Some(resolve::target_ids(name, &self.world)?),
            None => None,
        };
        let event = inbound.resolved(&sender, target).ok()?;
        let needs_read = mapping::world_query(&event).is_some()
            || mapping::direct_message(&event).is_some()
            || self.announcer.is_news(&event.event_type, &event.data);
        (!needs_read).then_some((sender, event))
    }

    /// The frame that replies to a frame whose event was sent; none when the event is its reply.
    pub(crate) fn reply_to_sent(
        &self,
        sent: &SentFrame,
        outcome: Result<Accepted, Problem>,
    ) -> Option<String> {
        let problem = outcome.err()?;
        if let Some(target) = &sent.target
            && is_unknown_target(&problem)
        {
            // Its name may be that of another entity by now, which the next frame to it will show.
            self.targets().remove(target);
        }
        let (sender, event_type) = (&sent.sender, sent.event_type.as_str());
        Some(self.problem_frame(Some(sender), Some(event_type), problem))
    }

    /// Handles a frame for which the world is read, and returns the frames that reply to it. A frame that
    /// becomes an event gets no reply but that event.
    pub(crate) async fn handle(&self, inbound: InboundEvent) -> Vec<String> {
        let replies = self.handle_event(&inbound).await;
        replies.unwrap_or_else(|problem| vec![self.problem_of(&inbound, problem)])
    }

    fn problem_of(&self, inbound: &InboundEvent, problem: Problem) -> String {
        let event_type = inbound.event_type.as_str();
        self.problem_frame(Some(&inbound.sender), Some(event_type), problem)
    }

    /// The frame for a problem with a frame of this sender, of an event of this type if it was one.
    pub(crate) fn problem_frame(
        &self,
        sender: Option<&str>,
        event_type: Option<&str>,
        problem: Problem,
    ) -> String {
        let problem = error_frame::for_client(problem);
        let senders = self.senders();
        let named = sender.and_then(|sender| senders.named(sender));
        let target = named.or_else(|| senders.first());
        let target = target.map(|identity| identity.name.as_str());
        error_frame::encode_problem(self.world.as_str(), target, event_type, &problem)
    }

    async fn handle_event(&self, inbound: &InboundEvent) -> Result<Vec<String>, Problem> {
        let identity = self.identify(&inbound.sender, Some(inbound)).await?;
        let target = match &inbound.target {
            None => None,
            Some(name) => {
                let kind = kind_of_target(inbound.event_type.as_str());
                Some(self.entities.target(name, kind).await?)
            }
        };
        let is_id = target.as_ref().is_some_and(|target| target.is_id);
        let target = target.map(|FoundTarget { target, .. }| target);
        let event = inbound.resolved(&identity.id, target)?;
        let query = mapping::world_query(&event);
        let mut replies = match query {
            Some(query) if self.is_answered_here(query, &event) => {
                self.reply(query, &identity).await?
            }
            _ => Vec::new(),
        };
        if query.is_some() && !self.is_passed_on(&event, &identity) {
            return Ok(replies);
        }
        let (event_type, data) = (event.event_type.clone(), event.data.clone());
        if self.announcer.is_news(&event_type, &data) {
            let (announcer, sender) = (&self.announcer, &identity.id);
            let applied = announcer.apply(&self.entities, sender, &event_type, &data);
            if let Err(problem) = applied.await {
                replies.push(self.problem_of(inbound, problem));
            }
        }
        match self.send(&identity, event).await {
            Err(problem) => replies.push(self.problem_of(inbound, problem)),
            Ok(()) => {
                let name = inbound.target.as_deref().filter(|_| is_id);
                name.into_iter()
                    .for_each(|name| self.targets().insert(name));
            }
        }
        Ok(replies)
    }

    /// Whether a query is answered by the world itself. A world that a client runs answers those that it gets,
    /// but need not have screens: then those of the world are sent, if it has any.
    fn is_answered_here(&self, query: WorldQuery, event: &NewEvent) -> bool {
        let sends_own = || !self.clients.sends_screens() && has_screens(&self.profile.get());
        !self.has_client_world(event) || (query == WorldQuery::Screens && sends_own())
    }

    /// Whether a query becomes an event: a world that a client runs is there to answer it, or may be, under the
    /// name of this one. Each connection of an entity that a client brought
    /// passes on one.
    fn is_passed_on(&self, query: &NewEvent, identity: &ClientIdentity) -> bool {
        self.has_client_world(query)
            || (query.target.is_some()
                && self.clients.is_brought(&identity.id)
                && !self.audience.is_fixed
                && !self.has_passed_query.swap(true, Ordering::Relaxed))
    }

    /// Whether a client runs a world that gets a query: under the name of this one, if the query names it.
    fn has_client_world(&self, query: &NewEvent) -> bool {
        let own_world = self.audience.own_world.as_ref();
        match &query.target {
            None => self.clients.has_client_world(),
            Some(_) => own_world.is_some_and(|own| self.clients.is_claimed(own)),
        }
    }

    async fn reply(
        &self,
        query: WorldQuery,
        identity: &ClientIdentity,
    ) -> Result<Vec<String>, Problem> {
        match query {
            WorldQuery::Screens => {
                let profile = self.profile.get();
                Ok(vec![self.world_reply(&profile, identity).screens()])
            }
            WorldQuery::State => {
                let offers = self.state.doors.broker.offers(&self.world, &identity.id);
                let Offers {
                    abilities,
                    entities,
                } = offers.await?;
                let profile = self.profile.get();
                let reply = self.world_reply(&profile, identity);
                let schemas = reply.schemas(&abilities, &entities);
                Ok(vec![reply.entities(&entities), schemas])
            }
        }
    }

    fn world_reply<'a>(
        &'a self,
        profile: &'a Profile,
        identity: &'a ClientIdentity,
    ) -> WorldReply<'a> {
        WorldReply {
            world: &self.world,
            profile,
            recipient: &identity.name,
        }
    }

    async fn send(&self, identity: &ClientIdentity, event: NewEvent) -> Result<(), Problem> {
        let message = self.chat_text(&event).await?;
        let (id, command) = self.command(event, message);
        let sender = identity.id.clone();
        let doors = &self.state.doors;
        let sent = doors.send_command(&self.entities.principal, &self.world, id, (sender, command));
        sent.await.map(|_| ())
    }

    /// The command that sends an event. It is tracked before it is sent: what it causes may be received
    /// before its reply.
    fn command(&self, event: NewEvent, message: Option<ChatText>) -> (CommandId, Command) {
        let id = self.state.doors.clock.new_command_id();
        self.requests().track(id.event(0), event.event_type.clone());
        let events = vec![event];
        (id, Command::SendEvents { events, message })
    }

    /// The chat message that is posted with an event: that of a direct message to an agent which answers
    /// in chats only.
    async fn chat_text(&self, event: &NewEvent) -> Result<Option<ChatText>, Problem> {
        let Some(message) = mapping::direct_message(event) else {
            return Ok(None);
        };
        let agent = message.recipient;
        let entity = GetEntity { id: agent.clone() };
        let request = (GetProfile, entity, GetChats::default());
        let read = self.state.doors.broker.view(&self.world, request).await?;
        let (profile, entity, chats) = read.view;
        let open = profile.current_chat.clone();
        self.profile.update(Profile::from_view(profile)?);
        let answers = entity
            .is_some_and(|entity| entity.kind == EntityKind::Agent && answers_in_chats(&entity));
        if !answers {
            return Ok(None);
        }
        let chat = chat_with_agent(agent, open.as_ref(), &chats.items);
        let chat = chat.ok_or_else(|| {
            let detail = format!("the world has no chat in which {agent} could answer");
            let field = Some("target_id".to_owned());
            Problem::from(Rejection::new(RejectionCode::UnknownChat, detail, field))
        })?;
        Ok(Some(ChatText {
            chat: chat.clone(),
            text: mapping::with_mention(agent, &message.text),
        }))
    }

    fn senders(&self) -> MutexGuard<'_, Senders> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn targets(&self) -> MutexGuard<'_, KnownTargets> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requests(&self) -> MutexGuard<'_, RequestTracker> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frame of an event for this connection, if it receives it.
    pub(crate) fn encode(&self, frame: &Frame, event: &CloudEvent) -> Option<Utf8Bytes> {
        let flat = LazyCell::new(|| FlatEvent::new(event));
        // Once for all connections.
        frame.text(self.state.content_slot, || {
            let flat = flat.as_ref()?;
            flat.with_content(|content| self.clients.recent().add(content));
            None
        });
        let senders = self.senders();
        if let Some(failure) = self.requests().observe(event) {
            let target = senders.first().map(|identity| identity.name.as_str());
            let text = error_frame::encode_failure(self.world.as_str(), target, &failure);
            return Some(text.into());
        }
        let is_unclaimed = |id: &EntityId| self.clients.is_unclaimed(id);
        if !self.audience.receives(event, &senders, is_unclaimed) {
            return None;
        }
        let Some(target) = &event.target else {
            let write = || flat.as_ref()?.encode(None).map(Utf8Bytes::from);
            // It is the same for every recipient.
            return frame.text(self.state.frame_slot, write);
        };
        let text = flat.as_ref()?.encode(senders.recipient(target))?;
        Some(text.into())
    }
}

/// Whether an event was refused since its target is the id of no entity.
fn is_unknown_target(problem: &Problem) -> bool {
    problem.cause == Some(RejectionCause::UnknownTarget)
}
