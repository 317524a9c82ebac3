//! How handlers send the command of a request.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contract::http::Receipt;
use contract::{Command, EntityId, RunId, Seq, WorldId};
use door_kit::{DoorState, Idempotency, Problem};

use crate::state::NativeState;

/// Sends the command of a request. Its id follows from the request's `Idempotency-Key`.
pub(crate) struct CommandSender {
    doors: Arc<DoorState>,
    idempotency: Idempotency,
}

impl CommandSender {
    /// Sends a command, and returns its commit once its events are durable.
    ///
    /// # Errors
    /// 403 when the client may not act as the sender, the rejection of the world, or 503 when it did not
    /// answer.
    pub(crate) async fn send(
        &self,
        world: &WorldId,
        sender: EntityId,
        command: Command,
    ) -> Result<Seq, Problem> {
        let id = self.idempotency.command_id(world);
        let principal = self.idempotency.principal();
        let sent = (sender, command);
        let accepted = self.doors.send_command(principal, world, id, sent).await?;
        Ok(accepted.seq)
    }

    /// Requests a run, and returns it with its commit.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn request_run(
        &self,
        world: &WorldId,
        sender: EntityId,
        command: Command,
    ) -> Result<(RunId, Seq), Problem> {
        let id = self.idempotency.command_id(world);
        let principal = self.idempotency.principal();
        let sent = (sender, command);
        let accepted = self.doors.send_command(principal, world, id, sent).await?;
        Ok((id.event(0).run(), accepted.seq))
    }

    /// Sends a command of the world itself.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn send_as_world(
        &self,
        world: &WorldId,
        command: Command,
    ) -> Result<Seq, Problem> {
        self.send(world, EntityId::world(), command).await
    }

    /// Sends a command of the world itself that writes what has this id.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn write(
        &self,
        world: &WorldId,
        id: &impl ToString,
        command: Command,
    ) -> Result<Json<Receipt>, Problem> {
        let seq = self.send_as_world(world, command).await?;
        Ok(Json(Receipt::created(id, seq)))
    }
}

impl FromRequestParts<NativeState> for CommandSender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &NativeState) -> Result<Self, Problem> {
        Ok(Self {
            doors: Arc::clone(&state.doors),
            idempotency: Idempotency::from_request_parts(parts, state).await?,
        })
    }
}
