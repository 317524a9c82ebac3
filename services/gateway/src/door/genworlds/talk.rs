//! What becomes of what a client says.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::extract::ws::Utf8Bytes;
use axum::http::StatusCode;
use contract::chat::ChatText;
use contract::{
    CloudEvent, Command, CommandId, EntityId, EntityKind, NewEvent, RejectionCode, Target, WorldId,
};

use super::answers::Asked;
use super::model::{self, About, Model};
use super::requests::Requests;
use super::speaker::{self, Speaker, answers_in_chats, forged};
use super::spoken::{Frame, Spoken};
use super::told::{self, Overhears};
use super::words::{self, Ask};
use super::{names, refusal};
use crate::auth::Principal;
use crate::fanout;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// One connection's talk with a world.
pub(super) struct Talk {
    gateway: Arc<Gateway>,
    world: WorldId,
    principal: Principal,
    overhears: Overhears,
    /// For whom the connection speaks: set once, by its first frame or its address.
    speaker: OnceLock<Speaker>,
    /// What the world is, as it was told last.
    about: Mutex<About>,
    /// What it has asked for lately.
    requests: Mutex<Requests>,
}

impl Talk {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        world: WorldId,
        principal: Principal,
        overhears: Overhears,
    ) -> Self {
        Self {
            gateway,
            world,
            principal,
            overhears,
            speaker: OnceLock::new(),
            about: Mutex::default(),
            requests: Mutex::default(),
        }
    }

    pub(super) fn world(&self) -> &WorldId {
        &self.world
    }

    /// For whom the connection speaks, if it has said so.
    pub(super) fn speaker(&self) -> Option<&Speaker> {
        self.speaker.get()
    }

    /// Lets the connection speak as the entity of this name, and as no other.
    ///
    /// # Errors
    /// 403 `forged_sender` when it may not; 422 when nobody can have this name.
    pub(super) async fn speak_as(&self, name: &str) -> Result<Speaker, Problem> {
        if let Some(speaker) = self.speaker() {
            let is_meant = name == speaker.name || name == speaker.id.as_str();
            if is_meant || self.entity(name).await? == speaker.id {
                return Ok(speaker.clone());
            }
            return Err(forged(format!("this connection speaks as {}", speaker.id)));
        }
        let model = self.look().await?;
        let id = names::entity_in(name, &self.world, &model)?;
        if id == EntityId::world() {
            return Err(forged("the world speaks for itself"));
        }
        match speaker::admit(&self.gateway, &self.world, &model, &id).await {
            // Somebody else has brought it in meanwhile, perhaps as something else.
            Err(problem) if problem.code == "already_exists" => {
                let model = self.look().await?;
                speaker::admit(&self.gateway, &self.world, &model, &id).await?;
            }
            admitted => admitted?,
        }
        let name = name.to_owned();
        // Frames are heard one by one: nobody else sets it.
        Ok(self.speaker.get_or_init(|| Speaker { id, name }).clone())
    }

    async fn entity(&self, name: &str) -> Result<EntityId, Problem> {
        names::entity_in(name, &self.world, &self.look().await?)
    }

    /// Whether there is anything to talk with: a log outlives its world for a while.
    ///
    /// # Errors
    /// What a client is told of a world that is not there.
    pub(super) async fn check(&self) -> Result<(), Problem> {
        self.look().await.map(|_| ())
    }

    /// Takes note of what an event says of the world itself.
    pub(super) fn note(&self, event: &CloudEvent) {
        if let Some(about) = About::told_by(event) {
            self.know(about);
        }
    }

    /// What a client is answered that says `text`. What becomes an event is answered by that event.
    pub(super) async fn hear(&self, text: &str) -> Vec<String> {
        let limits = &self.gateway.config.limits;
        if let Err(problem) = self.gateway.check_rate(&self.principal) {
            return vec![self.refuse(None, problem)];
        }
        if text.len() > limits.message_bytes_max {
            let detail = format!("an event has at most {} bytes", limits.message_bytes_max);
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return vec![self.refuse(None, Problem::new(status, "too_large", detail))];
        }
        let Frame { event_type, spoken } = Frame::read(text);
        let answer = match spoken {
            Ok(spoken) => self.act(spoken).await,
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(|problem| vec![self.refuse(event_type.as_deref(), problem)])
    }

    /// Says that something was refused: of an event of this type, if it was one.
    pub(super) fn refuse(&self, event_type: Option<&str>, problem: Problem) -> String {
        let problem = refusal::as_written(problem);
        let speaker = self.speaker().map(|speaker| speaker.name.as_str());
        refusal::frame(self.world.as_str(), speaker, event_type, &problem)
    }

    async fn act(&self, spoken: Spoken) -> Result<Vec<String>, Problem> {
        let speaker = self.speak_as(&spoken.sender).await?;
        let by_id = spoken.target.as_deref();
        let by_id = by_id.map(|name| names::target(name, &self.world));
        let event = match by_id {
            None => spoken.event(&speaker.id, None)?,
            Some(Some(target)) => spoken.event(&speaker.id, Some(target))?,
            Some(None) => self.for_a_name(&spoken, &speaker).await?,
        };
        if let Some(ask) = words::asks(&event) {
            return self.answer(ask, &speaker).await;
        }
        let sent = match self.send(&speaker, event).await {
            // Some are called by what could be an id, and is none.
            Err(problem) if is_unknown_target(&problem) => {
                let event = self.for_a_name(&spoken, &speaker).await;
                self.send(&speaker, event.map_err(|_| problem)?).await
            }
            sent => sent,
        };
        sent.map(|()| Vec::new())
    }

    /// The event for the entity that is called as its target is.
    async fn for_a_name(&self, spoken: &Spoken, speaker: &Speaker) -> Result<NewEvent, Problem> {
        let name = spoken.target.as_deref().unwrap_or_default();
        let named = self.look().await?.named(name);
        let entity = named.ok_or_else(|| names::unknown("target_id", name))?;
        spoken.event(&speaker.id, Some(Target::Entities(vec![entity])))
    }

    async fn answer(&self, ask: Ask, by: &Speaker) -> Result<Vec<String>, Problem> {
        let asked = |about| Asked {
            world: &self.world,
            about,
            by: &by.name,
        };
        match ask {
            Ask::Screens => Ok(vec![asked(&self.about()).screens()]),
            Ask::State => {
                let (offers, entities) = self.gateway.offers(&self.world, &by.id).await?;
                let about = self.about();
                let asked = asked(&about);
                Ok(vec![asked.entities(&entities), asked.schemas(&offers)])
            }
        }
    }

    async fn send(&self, speaker: &Speaker, event: NewEvent) -> Result<(), Problem> {
        let message = match words::says(&event) {
            Some((agent, message)) => self.line(agent, &message).await?,
            None => None,
        };
        let event_type = event.event_type.clone();
        let command = Command::SendEvents {
            events: vec![event],
            message,
        };
        let id = CommandId::new();
        // Before it is sent: what comes of it may be heard before it is answered.
        self.requests().remember(id.event(0), event_type);
        let sender = speaker.id.clone();
        let sent = self.gateway.command(&self.world, id, sender, command);
        sent.await.map(|_| ())
    }

    /// What is said to an agent, in a chat, if that is where it listens: one that answers there.
    async fn line(&self, agent: &EntityId, message: &str) -> Result<Option<ChatText>, Problem> {
        let model = self.look().await?;
        let entity = model.entity(agent);
        let listens = entity
            .is_some_and(|entity| entity.kind == EntityKind::Agent && answers_in_chats(&entity));
        if !listens {
            return Ok(None);
        }
        let chat = model.chat_of(agent).ok_or_else(|| {
            Problem::from(contract::Rejection {
                code: RejectionCode::UnknownChat,
                detail: format!("the world has no chat in which {agent} could answer"),
                field: Some("target_id".to_owned()),
                cause: None,
            })
        })?;
        Ok(Some(ChatText {
            chat: chat.clone(),
            text: words::addressed(agent, message),
        }))
    }

    async fn look(&self) -> Result<Model, Problem> {
        let (about, model) = model::look(&self.gateway, &self.world).await?;
        self.know(about);
        Ok(model)
    }

    /// What was told later holds, whichever way it came.
    fn know(&self, about: About) {
        let mut known = self.about.lock().unwrap_or_else(PoisonError::into_inner);
        if known.seq <= about.seq {
            *known = about;
        }
    }

    fn about(&self) -> About {
        let known = self.about.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event of the world as this connection hears it, if it does.
    pub(super) fn tell(&self, frame: &fanout::Frame, event: &CloudEvent) -> Option<Utf8Bytes> {
        let speaker = self.speaker();
        if let Some(failure) = self.requests().follow(event) {
            let speaker = speaker.map(|speaker| speaker.id.as_str());
            return Some(refusal::failure(self.world.as_str(), speaker, &failure).into());
        }
        if !told::hears(self.overhears, speaker.map(|speaker| &speaker.id), event) {
            return None;
        }
        let write = || told::frame(event, speaker).map(Utf8Bytes::from);
        match event.target {
            // Whoever hears it is not named in it.
            None => frame.flat(write),
            Some(_) => write(),
        }
    }
}

/// Whether an event was refused since its target is nobody's id.
fn is_unknown_target(problem: &Problem) -> bool {
    problem.code == "unknown_entity" && problem.field.as_deref() == Some("events[0].target")
}
