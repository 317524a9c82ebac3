//! What becomes of what a client says.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::StatusCode;
use contract::command::Line;
use contract::{CloudEvent, Command, CommandId, EntityId, EntityKind, RejectionCode, WorldId};

use super::answers::Asked;
use super::model::{self, About, Model};
use super::speaker::{self, forged, is_of_clients};
use super::spoken::{Frame, Spoken};
use super::words::{self, Ask};
use super::{refusal, told};
use crate::auth::Principal;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// One connection's talk with a world.
pub(super) struct Talk {
    gateway: Arc<Gateway>,
    world: WorldId,
    principal: Principal,
    /// For whom the connection speaks: set once, by its first frame or its address.
    speaker: OnceLock<EntityId>,
    /// What the world is, as it was told last. Known once there is a speaker.
    about: Mutex<About>,
}

impl Talk {
    pub(super) fn new(gateway: Arc<Gateway>, world: WorldId, principal: Principal) -> Self {
        Self {
            gateway,
            world,
            principal,
            speaker: OnceLock::new(),
            about: Mutex::default(),
        }
    }

    pub(super) fn world(&self) -> &WorldId {
        &self.world
    }

    /// For whom the connection speaks, if it has said so.
    pub(super) fn speaker(&self) -> Option<&EntityId> {
        self.speaker.get()
    }

    /// Lets the connection speak as an entity, and as no other.
    ///
    /// # Errors
    /// 403 `forged_sender` when it may not.
    pub(super) async fn speak_as(&self, entity: &EntityId) -> Result<(), Problem> {
        match self.speaker() {
            Some(speaker) if speaker == entity => return Ok(()),
            Some(speaker) => {
                return Err(forged(format!("this connection speaks as {speaker}")));
            }
            None => {}
        }
        if *entity == EntityId::world() || entity.as_str() == self.world.as_str() {
            return Err(forged("the world speaks for itself"));
        }
        let model = self.look().await?;
        match speaker::admit(&self.gateway, &self.world, &model, entity).await {
            // Somebody else has brought it in meanwhile, perhaps as something else.
            Err(problem) if problem.code == "already_exists" => {
                let model = self.look().await?;
                speaker::admit(&self.gateway, &self.world, &model, entity).await?;
            }
            admitted => admitted?,
        }
        // Frames are heard one by one: nobody else sets it.
        let _ = self.speaker.set(entity.clone());
        Ok(())
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
        let Frame { event_type, spoken } = Frame::read(text, &self.world);
        let answer = match spoken {
            Ok(spoken) => self.act(spoken).await,
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(|problem| vec![self.refuse(event_type.as_deref(), problem)])
    }

    /// Says that something was refused: of an event of this type, if it was one.
    pub(super) fn refuse(&self, event_type: Option<&str>, problem: Problem) -> String {
        let problem = refusal::as_written(problem);
        let speaker = self.speaker().map(EntityId::as_str);
        refusal::frame(self.world.as_str(), speaker, event_type, &problem)
    }

    async fn act(&self, spoken: Spoken) -> Result<Vec<String>, Problem> {
        self.speak_as(&spoken.sender).await?;
        match words::asks(&spoken.event) {
            Some(ask) => self.answer(ask, &spoken.sender).await,
            None => self.send(spoken).await.map(|()| Vec::new()),
        }
    }

    async fn answer(&self, ask: Ask, by: &EntityId) -> Result<Vec<String>, Problem> {
        let asked = |about| Asked {
            world: &self.world,
            about,
            by,
        };
        match ask {
            Ask::Screens => Ok(vec![asked(&self.about()).screens()]),
            Ask::State => {
                let (offers, entities) = self.gateway.offers(&self.world, by).await?;
                let about = self.about();
                let asked = asked(&about);
                Ok(vec![asked.entities(&entities), asked.schemas(&offers)])
            }
        }
    }

    async fn send(&self, spoken: Spoken) -> Result<(), Problem> {
        let Spoken { sender, event } = spoken;
        let message = match words::says(&event) {
            Some((agent, message)) => self.line(agent, &message).await?,
            None => None,
        };
        let command = Command::SendEvents {
            events: vec![event],
            message,
        };
        let id = CommandId::new();
        let sent = self.gateway.command(&self.world, id, sender, command);
        sent.await.map(|_| ())
    }

    /// What is said to an agent, in a chat, if that is where it listens: one that answers there.
    async fn line(&self, agent: &EntityId, message: &str) -> Result<Option<Line>, Problem> {
        let model = self.look().await?;
        let entity = model.entity(agent);
        let listens = entity
            .is_some_and(|entity| entity.kind == EntityKind::Agent && !is_of_clients(&entity));
        if !listens {
            return Ok(None);
        }
        let chat = model.chat_of(agent).ok_or_else(|| {
            Problem::from(contract::Rejection {
                code: RejectionCode::UnknownChat,
                detail: format!("the world has no chat in which {agent} could answer"),
                field: Some("target_id".to_owned()),
            })
        })?;
        Ok(Some(Line {
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

    /// An event of the world as this connection hears it, if it does.
    pub(super) fn tell(&self, everything: bool, event: &CloudEvent) -> Option<String> {
        let speaker = self.speaker();
        if !told::hears(everything, speaker, event) {
            return None;
        }
        told::frame(event, speaker)
    }
}
