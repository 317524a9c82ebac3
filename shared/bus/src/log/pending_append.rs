//! A commit on its way to the log.

use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use contract::{Seq, WorldId};

use crate::AppendError;

/// A commit on its way to the log.
pub struct PendingAppend {
    ack: PublishAckFuture,
    world: WorldId,
    expected: Seq,
}

impl PendingAppend {
    pub(super) fn new(ack: PublishAckFuture, world: WorldId, expected: Seq) -> Self {
        Self {
            ack,
            world,
            expected,
        }
    }

    /// Its sequence, once the log has stored it.
    ///
    /// # Errors
    /// [`AppendError`] has what is known of the log then.
    pub async fn stored(self) -> Result<Seq, AppendError> {
        match self.ack.await {
            Ok(ack) => Ok(ack.sequence),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {
                Err(AppendError::Conflict {
                    world: self.world,
                    expected: self.expected,
                })
            }
            Err(error) => Err(AppendError::Unknown {
                world: self.world,
                source: error.into(),
            }),
        }
    }
}
