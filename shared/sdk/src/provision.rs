//! Creates the objects of a worker in their worlds, before the worker starts.

use std::time::Duration;

use anyhow::Context as _;
use bus::CommandError;
use contract::ability::EventTypeVersion;
use contract::command::EntityUpdate;
use contract::{Command, CommandRequest, Entity, EntityId, RejectionCode, WorldId};

use crate::connection::Connection;

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
    pub(crate) async fn provision(&self, connection: &Connection) -> anyhow::Result<()> {
        for event_type in &self.event_types {
            let command = Command::RegisterEventType(event_type.clone());
            let registered = self.send(connection, command).await;
            registered
                .with_context(|| format!("register the event type {}", event_type.event_type))?;
        }
        let created = self.send(connection, Command::CreateEntity(self.entity.clone()));
        let provisioned = match created.await {
            Err(CommandError::Rejected(rejection))
                if rejection.code == RejectionCode::AlreadyExists =>
            {
                let update = EntityUpdate {
                    kind: None,
                    entity: self.entity.id.clone(),
                    name: None,
                    agent: None,
                    description: Some(self.entity.description.clone()),
                    abilities: Some(self.entity.abilities.clone()),
                    metadata: None,
                };
                self.send(connection, Command::UpdateEntity(update)).await
            }
            created => created,
        };
        provisioned
            .with_context(|| format!("create the object {} in {}", self.entity.id, self.world))
    }

    async fn send(&self, connection: &Connection, command: Command) -> Result<(), CommandError> {
        let request = CommandRequest {
            id: connection.new_command_id(),
            sender: EntityId::world(),
            command,
            trace: None,
            run: None,
            principal: None,
        };
        let sent = connection.command(&self.world, request, COMMAND_TIMEOUT);
        sent.await.map(drop)
    }
}
