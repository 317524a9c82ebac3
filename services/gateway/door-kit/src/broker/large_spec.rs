//! Descriptions of worlds that are too large for one message.

use contract::world::SPEC_BYTES_MAX;
use contract::{Command, CommandId, Rejection, RejectionCode, WorldId};

use super::client::Broker;
use crate::problem::Problem;

impl Broker {
    /// The command as it is sent: a large description is stored first, and the world loads it.
    pub(super) async fn with_stored_spec(
        &self,
        world: &WorldId,
        id: CommandId,
        command: Command,
    ) -> Result<Command, Problem> {
        let (spec, create) = match &command {
            Command::CreateWorld(spec) => (spec, true),
            Command::ApplyWorld(spec) => (spec, false),
            _ => return Ok(command),
        };
        let json = serde_json::to_vec(spec).map_err(|_| Problem::internal())?;
        if !spec.is_large(json.len()) {
            return Ok(command);
        }
        if json.len() > SPEC_BYTES_MAX {
            let detail = format!(
                "the description has {} bytes; at most {SPEC_BYTES_MAX} are stored",
                json.len()
            );
            return Err(Rejection::new(RejectionCode::TooLarge, detail, None).into());
        }
        let bus = self.connection.bus().await?;
        let json = json.into();
        let stored = bus.world_specs().store(world, id, &json);
        self.connection.with_connection(stored).await?;
        Ok(Command::ApplyStoredWorld { create })
    }
}
