//! Creates the objects of a worker in their worlds, before the worker starts.

use std::time::Duration;

use anyhow::Context as _;
use bus::{Bus, CommandError};
use contract::ability::EventTypeVersion;
use contract::command::EntityUpdate;
use contract::{Command, CommandId, CommandRequest, Entity, EntityId, RejectionCode, WorldId};

/// Timeout for one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// An object that must exist in a world before the worker starts.
pub(crate) struct ProvisionedObject {
    pub(crate) world: WorldId,
    pub(crate) entity: Entity,
    pub(crate) event_types: Vec<EventTypeVersion>,
}

impl ProvisionedObject {
    /// Registers the event types of the object and creates it; one that exists already gets the
    /// description and the abilities of this version of the worker.
    pub(crate) async fn provision(&self, bus: &Bus) -> anyhow::Result<()> {
        for event_type in &self.event_types {
            let command = Command::RegisterEventType(event_type.clone());
            let registered = self.send(bus, command).await;
            registered
                .with_context(|| format!("register the event type {}", event_type.event_type))?;
        }
        let created = self.send(bus, Command::CreateEntity(self.entity.clone()));
        let provisioned = match created.await {
            Err(CommandError::Rejected(rejection))
                if rejection.code == RejectionCode::AlreadyExists =>
            {
                let update = EntityUpdate {
                    entity: self.entity.id.clone(),
                    name: None,
                    agent: None,
                    description: Some(self.entity.description.clone()),
                    abilities: Some(self.entity.abilities.clone()),
                    metadata: None,
                };
                self.send(bus, Command::UpdateEntity(update)).await
            }
            created => created,
        };
        provisioned
            .with_context(|| format!("create the object {} in {}", self.entity.id, self.world))
    }

    async fn send(&self, bus: &Bus, command: Command) -> Result<(), CommandError> {
        let request = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command,
            trace: None,
        };
        let sent = bus.worlds().command(&self.world, request, COMMAND_TIMEOUT);
        sent.await.map(drop)
    }
}
