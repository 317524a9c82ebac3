//! What can go wrong between a service and the broker.

use contract::{Seq, WorldId};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failure to reach, or to be understood by, the broker or whoever is behind it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address or the credentials make no sense.
    #[error("connect to NATS at {url}")]
    Connect {
        /// Where.
        url: String,
        /// Why.
        source: Source,
    },
    /// A stream, bucket or consumer could not be made.
    #[error("set up {name} on NATS")]
    SetUp {
        /// Which.
        name: String,
        /// Why.
        source: Source,
    },
    /// The broker did not take or deliver something.
    #[error("{operation} on NATS")]
    Broker {
        /// What we were doing.
        operation: &'static str,
        /// Why.
        source: Source,
    },
    /// A message is not what its subject promises.
    #[error("read a message of {subject}")]
    Decode {
        /// Where it came from.
        subject: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A message can't be written as JSON.
    #[error("write a message for {subject}")]
    Encode {
        /// Where it was to go.
        subject: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Nobody answered in time. What was asked for may have happened.
    #[error("no answer on {subject}: {reason}")]
    Unanswered {
        /// What was asked.
        subject: String,
        /// What the last attempt said.
        reason: String,
    },
    /// Whoever answers found that the question makes no sense.
    #[error("the question on {subject} was refused: {reason}")]
    Refused {
        /// What was asked.
        subject: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Broker { .. } | Self::Unanswered { .. } | Self::SetUp { .. }
        )
    }

    pub(crate) fn broker(
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Broker {
            operation,
            source: source.into(),
        }
    }

    pub(crate) fn set_up(
        name: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::SetUp {
            name: name.into(),
            source: source.into(),
        }
    }
}

/// Why a commit was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another commit came first: this one is not in the log, unless it is that other one itself,
    /// appended by an attempt whose answer was lost. Read on from `expected`.
    #[error("the log of {world} has moved on from {expected}")]
    Conflict {
        /// Whose log.
        world: WorldId,
        /// The sequence that the writer believed to be the last.
        expected: Seq,
    },
    /// Nobody knows whether it is in the log, or may still get there.
    #[error("append to the log of {world}")]
    Unknown {
        /// Whose log.
        world: WorldId,
        /// Why.
        source: Source,
    },
}
