//! A commit on its way to the log.

use std::error::Error as _;

use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use contract::{Seq, WorldId};

use crate::AppendError;

/// A commit on its way to the log.
pub struct PendingAppend {
    ack: PublishAckFuture,
    world: WorldId,
    expected: Seq,
    /// The size of the commit in bytes.
    pub bytes: usize,
}

impl PendingAppend {
    pub(super) fn new(ack: PublishAckFuture, world: WorldId, expected: Seq, bytes: usize) -> Self {
        Self {
            ack,
            world,
            expected,
            bytes,
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
            Err(error) if is_storage_full(&error) => Err(AppendError::StorageFull {
                source: error.into(),
            }),
            Err(error) => Err(AppendError::Unknown {
                world: self.world,
                source: error.into(),
            }),
        }
    }
}

/// Whether NATS has refused a message before it tried to store it, since a limit of storage is reached.
fn is_storage_full(error: &PublishError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.is_some_and(|error: &jetstream::Error| match error.error_code() {
        ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
        | ErrorCode::INSUFFICIENT_RESOURCES
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED => true,
        // The limits of the stream itself. A write that failed may have left something behind.
        ErrorCode::STREAM_STORE_FAILED => error.to_string().contains("maximum"),
        _ => false,
    })
}
