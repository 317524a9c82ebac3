//! What can go wrong between a service and the broker.

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An operation on the broker, or on a program behind it, has failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address or the credentials are invalid.
    #[error("connect to NATS at {url}")]
    Connect {
        /// Where.
        url: String,
        /// Why.
        source: Source,
    },
    /// A stream, bucket or consumer could not be created.
    #[error("set up {name} on NATS")]
    SetUp {
        /// Which.
        name: String,
        /// Why.
        source: Source,
    },
    /// The broker did not accept or deliver something.
    #[error("{operation} on NATS")]
    Broker {
        /// What we were doing.
        operation: &'static str,
        /// Why.
        source: Source,
    },
    /// A message is malformed, or its type is unknown.
    #[error("decode a message from {subject}")]
    Decode {
        /// Where it came from.
        subject: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A message can't be written as JSON.
    #[error("encode a message for {subject}")]
    Encode {
        /// Where it was to go.
        subject: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Something is larger than what is stored.
    #[error("{bytes} bytes; at most {max} are stored")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        max: usize,
    },
    /// There was no reply in time. What was requested may have happened.
    #[error("no reply on {subject}: {reason}")]
    NoReply {
        /// Where the request went.
        subject: String,
        /// What became of the last attempt.
        reason: String,
    },
    /// The archive can't answer a query now.
    #[error("the archive is not ready: {reason}")]
    ArchiveNotReady {
        /// Its state, in words for the client.
        reason: String,
    },
    /// The request was rejected as invalid.
    #[error("request on {subject} rejected: {reason}")]
    Rejected {
        /// Where the request went.
        subject: String,
        /// Why.
        reason: String,
    },
    /// The reply does not fit the request.
    #[error("unexpected reply on {subject}: {reason}")]
    UnexpectedReply {
        /// Where the request went.
        subject: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Broker { .. }
                | Self::NoReply { .. }
                | Self::ArchiveNotReady { .. }
                | Self::SetUp { .. }
        )
    }

    pub(crate) fn broker(operation: &'static str, source: impl Into<Source>) -> Self {
        Self::Broker {
            operation,
            source: source.into(),
        }
    }

    pub(crate) fn set_up(name: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::SetUp {
            name: name.into(),
            source: source.into(),
        }
    }
}
