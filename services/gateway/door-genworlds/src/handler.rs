//! What the frames of one connection cause, and which frames it receives.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use axum::extract::ws::Utf8Bytes;
use axum::http::StatusCode;
use contract::chat::ChatText;
use contract::view::{GetChats, GetEntity, GetProfile};
use contract::{
    Accepted, CloudEvent, Command, CommandId, EntityId, EntityKind, EventType, NewEvent, Rejection,
    RejectionCause, RejectionCode, Target, WorldId,
};
use door_kit::{EntityConnection, Frame, Offers, Principal, Problem};

use crate::chat_with_agent::chat_with_agent;
use crate::decode::{InboundEvent, InboundFrame};
use crate::encode::{self, Visibility};
use crate::identity::{self, ClientIdentity, answers_in_chats, forged_sender};
use crate::known_targets::KnownTargets;
use crate::mapping::{self, WorldQuery};
use crate::name_matches::NameMatches;
use crate::profile::Profile;
use crate::request_tracker::RequestTracker;
use crate::state::GenWorldsState;
use crate::world_replies::WorldReply;
use crate::{error_frame, name_matches, resolve};

/// Handles the frames of one connection to a world.
pub(crate) struct ConnectionHandler {
    state: GenWorldsState,
    world: WorldId,
    principal: Principal,
    visibility: Visibility,
    /// The entity that the client is: set once, by its first frame or by its address.
    identity: OnceLock<ClientIdentity>,
    /// That the connection is of this entity.
    entity: OnceLock<EntityConnection>,
    /// The newest profile of the world that was read.
    profile: Mutex<Profile>,
    requests: Mutex<RequestTracker>,
    targets: Mutex<KnownTargets>,
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
}

/// What the reply to a frame needs once the outcome of its command is known.
pub(crate) struct SentFrame {
    event_type: EventType,
    /// The name of its target.
    target: Option<String>,
}

impl ConnectionHandler {
    pub(crate) fn new(
        state: GenWorldsState,
        world: WorldId,
        principal: Principal,
        visibility: Visibility,
    ) -> Self {
        Self {
            state,
            world,
            principal,
            visibility,
            identity: OnceLock::new(),
            entity: OnceLock::new(),
            profile: Mutex::default(),
            requests: Mutex::default(),
            targets: Mutex::default(),
        }
    }

    pub(crate) fn world(&self) -> &WorldId {
        &self.world
    }

    /// Sets the identity of the connection to the entity of this name. A connection has one identity.
    ///
    /// # Errors
    /// 403 `forged_sender` when the client may not be that entity; 422 when no entity can have this name.
    pub(crate) async fn identify(&self, name: &str) -> Result<ClientIdentity, Problem> {
        if let Some(identity) = self.identity.get() {
            if identity.has_name(name) || self.sender(name).await? == identity.id {
                return Ok(identity.clone());
            }
            let detail = format!("this connection is {}", identity.id);
            return Err(forged_sender(detail));
        }
        let matches = self.read_matches(name).await?;
        let id = resolve::sender(name, &self.world, &matches)?;
        if id == EntityId::world() {
            return Err(forged_sender("no client may be the world itself"));
        }
        let doors = &self.state.doors;
        match identity::authorize(doors, &self.world, &id, matches.entity(&id)).await {
            // Another client has created it meanwhile, perhaps as something else.
            Err(problem) if problem.rejection == Some(RejectionCode::AlreadyExists) => {
                let matches = self.read_matches(id.as_str()).await?;
                identity::authorize(doors, &self.world, &id, matches.by_id()).await?;
            }
            authorized => authorized?,
        }
        let name = name.to_owned();
        // Frames that need the identity are handled one by one: nothing else sets it meanwhile.
        let identity = self.identity.get_or_init(|| ClientIdentity { id, name });
        self.entity
            .get_or_init(|| doors.connect_entity(&self.world, &identity.id));
        Ok(identity.clone())
    }

    async fn sender(&self, name: &str) -> Result<EntityId, Problem> {
        resolve::sender(name, &self.world, &self.read_matches(name).await?)
    }

    /// Checks that the world exists: a log outlives its world for a while.
    ///
    /// # Errors
    /// 404 or 410 when it does not.
    pub(crate) async fn require_world(&self) -> Result<(), Problem> {
        let profile = self.state.doors.broker.view(&self.world, GetProfile);
        self.set_profile(Profile::from_view(profile.await?.view)?);
        Ok(())
    }

    /// Updates the profile of the world from an event.
    pub(crate) fn update_profile(&self, event: &CloudEvent) {
        if let Some(profile) = Profile::from_event(event) {
            self.set_profile(profile);
        }
    }

    /// Decodes a frame of the client, and decides how it is handled.
    pub(crate) fn prepare(&self, text: &str) -> PreparedFrame {
        let limits = &self.state.doors.socket_limits;
        if let Err(problem) = self.state.doors.check_rate(&self.principal) {
            return PreparedFrame::Refused(self.problem_frame(None, problem));
        }
        if text.len() > limits.message_bytes_max {
            let detail = format!("an event has at most {} bytes", limits.message_bytes_max);
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail);
            return PreparedFrame::Refused(self.problem_frame(None, problem));
        }
        let InboundFrame { event_type, event } = InboundFrame::decode(text);
        let inbound = match event {
            Ok(inbound) => inbound,
            Err(problem) => {
                let frame = self.problem_frame(event_type.as_deref(), problem);
                return PreparedFrame::Refused(frame);
            }
        };
        let Some((sender, event)) = self.resolve_known(&inbound) else {
            return PreparedFrame::Single(Box::new(inbound));
        };
        let sent = SentFrame {
            event_type: event.event_type.clone(),
            target: inbound.target,
        };
        let (id, command) = self.command(event, None);
        PreparedFrame::Command {
            id,
            sender,
            command: Box::new(command),
            sent,
        }
    }

    /// The sender and the event of a frame, if no read of the world is needed to send it.
    fn resolve_known(&self, inbound: &InboundEvent) -> Option<(EntityId, NewEvent)> {
        let identity = self.identity.get()?;
        if !identity.has_name(&inbound.sender) {
            return None;
        }
        let target = match &inbound.target {
            Some(name) if !self.targets().contains(name) => return None,
            Some(name) => Some(resolve::target_ids(name, &self.world)?),
            None => None,
        };
        let event = inbound.resolved(&identity.id, target).ok()?;
        let needs_read =
            mapping::world_query(&event).is_some() || mapping::direct_message(&event).is_some();
        (!needs_read).then(|| (identity.id.clone(), event))
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
        Some(self.problem_frame(Some(sent.event_type.as_str()), problem))
    }

    /// Handles a frame for which the world is read, and returns the frames that reply to it. A frame that
    /// becomes an event gets no reply but that event.
    pub(crate) async fn handle(&self, inbound: InboundEvent) -> Vec<String> {
        let event_type = inbound.event_type().clone();
        let replies = self.handle_event(inbound).await;
        let event_type = Some(event_type.as_str());
        replies.unwrap_or_else(|problem| vec![self.problem_frame(event_type, problem)])
    }

    /// The frame for a problem, of an event of this type if it was one.
    pub(crate) fn problem_frame(&self, event_type: Option<&str>, problem: Problem) -> String {
        let problem = error_frame::with_client_field(problem);
        let target = self.identity.get().map(|identity| identity.name.as_str());
        error_frame::encode_problem(self.world.as_str(), target, event_type, &problem)
    }

    async fn handle_event(&self, inbound: InboundEvent) -> Result<Vec<String>, Problem> {
        let identity = self.identify(&inbound.sender).await?;
        let event = match &inbound.target {
            None => inbound.resolved(&identity.id, None)?,
            Some(name) => match resolve::target_ids(name, &self.world) {
                Some(target) => inbound.resolved(&identity.id, Some(target))?,
                None => self.with_named_target(&inbound, &identity).await?,
            },
        };
        if let Some(query) = mapping::world_query(&event) {
            return self.reply(query, &identity).await;
        }
        let sent = match self.send(&identity, event).await {
            Ok(()) => {
                let target = inbound.target.as_deref();
                let id = target.filter(|name| resolve::target_ids(name, &self.world).is_some());
                id.into_iter().for_each(|name| self.targets().insert(name));
                Ok(())
            }
            // A display name may look like an id.
            Err(problem) if is_unknown_target(&problem) => {
                let event = self.with_named_target(&inbound, &identity).await;
                self.send(&identity, event.map_err(|_| problem)?).await
            }
            sent => sent,
        };
        sent.map(|()| Vec::new())
    }

    /// The event, for the entity whose display name is its target.
    async fn with_named_target(
        &self,
        inbound: &InboundEvent,
        identity: &ClientIdentity,
    ) -> Result<NewEvent, Problem> {
        let name = inbound.target.as_deref().unwrap_or_default();
        let matches = self.read_matches(name).await?;
        let named = matches.by_name();
        let named = named.ok_or_else(|| resolve::unknown_name("target_id", name))?;
        inbound.resolved(&identity.id, Some(Target::Entities(vec![named.id.clone()])))
    }

    async fn reply(
        &self,
        query: WorldQuery,
        identity: &ClientIdentity,
    ) -> Result<Vec<String>, Problem> {
        match query {
            WorldQuery::Screens => {
                let profile = self.profile();
                Ok(vec![self.world_reply(&profile, identity).screens()])
            }
            WorldQuery::State => {
                let offers = self.state.doors.broker.offers(&self.world, &identity.id);
                let Offers {
                    abilities,
                    entities,
                } = offers.await?;
                let profile = self.profile();
                let reply = self.world_reply(&profile, identity);
                Ok(vec![reply.entities(&entities), reply.schemas(&abilities)])
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
        let broker = &self.state.doors.broker;
        let sent = broker.send_command(&self.world, id, sender, command);
        sent.await.map(|_| ())
    }

    /// The command that sends an event. It is tracked before it is sent: what it causes may be received
    /// before its reply.
    fn command(&self, event: NewEvent, message: Option<ChatText>) -> (CommandId, Command) {
        let id = CommandId::new();
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
        self.set_profile(Profile::from_view(profile)?);
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

    /// The entities that a name may stand for.
    async fn read_matches(&self, name: &str) -> Result<NameMatches, Problem> {
        let id = resolve::entity_id(name, &self.world);
        let (by_id, by_name) = name_matches::request(name, id);
        let request = (GetProfile, by_id, by_name);
        let read = self.state.doors.broker.view(&self.world, request).await?;
        let (profile, by_id, by_name) = read.view;
        self.set_profile(Profile::from_view(profile)?);
        Ok(NameMatches::from_views(name, (by_id, by_name)))
    }

    /// Keeps the newest profile, whether it comes from the state or from an event.
    fn set_profile(&self, profile: Profile) {
        let mut newest = self.profile.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.seq <= profile.seq {
            *newest = profile;
        }
    }

    fn profile(&self) -> Profile {
        let newest = self.profile.lock().unwrap_or_else(PoisonError::into_inner);
        newest.clone()
    }

    fn targets(&self) -> MutexGuard<'_, KnownTargets> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requests(&self) -> MutexGuard<'_, RequestTracker> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frame of an event for this connection, if it receives it.
    pub(crate) fn encode(&self, frame: &Frame, event: &CloudEvent) -> Option<Utf8Bytes> {
        let identity = self.identity.get();
        let id = identity.map(|identity| &identity.id);
        if let Some(failure) = self.requests().observe(event) {
            let target = id.map(EntityId::as_str);
            let text = error_frame::encode_failure(self.world.as_str(), target, &failure);
            return Some(text.into());
        }
        if !encode::is_received(self.visibility, id, event) {
            return None;
        }
        let write = || encode::encode_event(event, identity).map(Utf8Bytes::from);
        match event.target {
            // It is the same for every recipient.
            None => frame.text(self.state.frame_slot, write),
            Some(_) => write(),
        }
    }
}

/// Whether an event was refused since its target is the id of no entity.
fn is_unknown_target(problem: &Problem) -> bool {
    problem.cause == Some(RejectionCause::UnknownTarget)
}
