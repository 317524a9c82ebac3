//! Why a request to a world failed.

use contract::{Rejection, WorldId, subject};

use crate::Error;
use crate::request::NoReply;

/// Why a request to a world failed.
///
/// Only [`Rejected`](Self::Rejected) is an answer. After any other error a command may still have been,
/// or be, accepted: repeat it with the same id.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The world rejected it. The code names the rule.
    #[error(transparent)]
    Rejected(Rejection),
    /// No world service served the world within the deadline.
    #[error("world {world} unavailable: {reason}")]
    Unavailable {
        /// Which world.
        world: WorldId,
        /// What became of the last attempt.
        reason: String,
    },
    /// There was no reply within the deadline.
    #[error("no reply from world {world} in time")]
    Timeout {
        /// Which world.
        world: WorldId,
    },
    /// The request could not be sent, or its reply not be understood.
    #[error("request to world {world}")]
    Transport {
        /// Which world.
        world: WorldId,
        /// Why.
        source: Error,
    },
}

impl CommandError {
    /// Whether the same request may succeed later. A rejection is final: also that of a world that is
    /// busy, since only the sender knows whether to wait.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Rejected(_) => false,
            Self::Unavailable { .. } | Self::Timeout { .. } => true,
            Self::Transport { source, .. } => source.is_transient(),
        }
    }

    pub(crate) fn transport(world: &WorldId, source: Error) -> Self {
        Self::Transport {
            world: world.clone(),
            source,
        }
    }

    pub(crate) fn no_reply(world: &WorldId, cause: NoReply) -> Self {
        match cause {
            NoReply::NoResponders | NoReply::OwnerChanged => Self::Unavailable {
                world: world.clone(),
                reason: cause.to_string(),
            },
            NoReply::Timeout => Self::Timeout {
                world: world.clone(),
            },
            NoReply::Failed(reason) => {
                let subject = subject::command(world);
                Self::transport(world, Error::NoReply { subject, reason })
            }
        }
    }
}
