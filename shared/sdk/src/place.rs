//! Objects that a worker places in worlds.

use std::time::Duration;

use anyhow::Context as _;
use bus::Bus;
use contract::ability::EventTypeVersion;
use contract::command::EntityUpdate;
use contract::{
    Command, CommandId, CommandRequest, Entity, EntityId, EntityKind, Rejection, RejectionCode,
    WorldId,
};

use crate::Object;
use crate::object::{Kind, state_schema};

/// How long a world may take to answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// An object of a kind, with its place in a world.
#[derive(Debug, Clone)]
pub struct Placed<O> {
    id: String,
    state: O,
    held_by: Option<String>,
    location: Option<String>,
}

impl<O: Object> Placed<O> {
    /// An object of this id, with this state when it comes into its world. What has become of one
    /// that is there already stays.
    pub fn new(id: impl Into<String>, state: O) -> Self {
        Self {
            id: id.into(),
            state,
            held_by: None,
            location: None,
        }
    }

    /// Who holds it at first.
    #[must_use]
    pub fn held_by(mut self, holder: impl Into<String>) -> Self {
        self.held_by = Some(holder.into());
        self
    }

    /// Where it is at first.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.location = Some(place.into());
        self
    }

    pub(crate) fn entity(self, kind: &Kind<O>) -> anyhow::Result<Entity> {
        Ok(Entity {
            description: O::DESCRIPTION.to_owned(),
            abilities: kind.abilities.clone(),
            state: Some(serde_json::to_value(&self.state)?).filter(|state| !state.is_null()),
            state_schema: state_schema::<O>(),
            held_by: self.held_by.map(|holder| holder.parse()).transpose()?,
            location: self.location,
            ..Entity::new(self.id.parse()?, EntityKind::Object)
        })
    }
}

/// An object that is to be in a world before the worker begins.
pub(crate) struct Placement {
    pub(crate) world: WorldId,
    pub(crate) entity: Entity,
    pub(crate) event_types: Vec<EventTypeVersion>,
}

impl Placement {
    /// Tells the world of the types of events, and of the object.
    pub(crate) async fn make(&self, bus: &Bus) -> anyhow::Result<()> {
        for event_type in &self.event_types {
            let command = Command::RegisterEventType(event_type.clone());
            let told = self.send(bus, command).await?;
            told.with_context(|| format!("register {}", event_type.event_type))?;
        }
        let created = self.send(bus, Command::CreateEntity(self.entity.clone()));
        let told = match created.await? {
            Err(rejection) if rejection.code == RejectionCode::AlreadyExists => {
                let change = EntityUpdate {
                    entity: self.entity.id.clone(),
                    name: None,
                    agent: None,
                    description: Some(self.entity.description.clone()),
                    abilities: Some(self.entity.abilities.clone()),
                    metadata: None,
                };
                self.send(bus, Command::UpdateEntity(change)).await?
            }
            told => told,
        };
        told.with_context(|| format!("place {} in {}", self.entity.id, self.world))
    }

    async fn send(&self, bus: &Bus, command: Command) -> anyhow::Result<Result<(), Rejection>> {
        let request = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command,
            trace: None,
        };
        let told = bus.command(&self.world, request, DEADLINE).await?;
        Ok(told.map(|_| ()))
    }
}
