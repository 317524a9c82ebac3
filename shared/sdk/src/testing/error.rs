//! Why a step of a test failed.

use bus::CommandError;
use contract::Rejection;
use contract::id::InvalidId;

use crate::event::EventError;

/// Why a step of a test failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text of a world file is invalid.
    #[error("parse the world file")]
    WorldFile {
        /// The line or the field at fault.
        source: world_file::Error,
    },
    /// A name is not an id.
    #[error("parse an id")]
    InvalidId {
        /// The name.
        source: InvalidId,
    },
    /// An event could not be encoded or decoded.
    #[error("use an event of the test")]
    Event {
        /// The type of the event, and why.
        source: EventError,
    },
    /// An event of a session could not be encoded.
    #[error("send an event in a session")]
    SessionEvent {
        /// Its type, and why.
        source: crate::error::Error,
    },
    /// A value could not be encoded or decoded as JSON.
    #[error("convert {what}")]
    Json {
        /// The value: arguments, an output, the state of an entity.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The world rejected a command.
    #[error("the world rejected the command {command}{}", at(rejection))]
    Rejected {
        /// The command: `post_message`.
        command: String,
        /// The rule, the reason and the field at fault.
        #[source]
        rejection: Rejection,
    },
    /// The objects of the worker could not be created.
    #[error("create the objects of the worker")]
    Provision {
        /// The object, and why.
        source: anyhow::Error,
    },
    /// One [`run`](crate::testing::TestWorld::run) executed 10,000 runs, and there are more: they seem
    /// to lead to one another without end.
    #[error("too many runs, they seem to lead to one another without end")]
    TooManyRuns,
}

impl Error {
    /// The rejection of a command by the world, if that is the reason.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected { rejection, .. } => Some(rejection),
            Self::Provision { source } => {
                let mut causes = source.chain();
                causes.find_map(|cause| match cause.downcast_ref() {
                    Some(CommandError::Rejected(rejection)) => Some(rejection),
                    _ => None,
                })
            }
            _ => None,
        }
    }
}

fn at(rejection: &Rejection) -> String {
    let field = rejection.field.as_deref();
    field.map_or_else(String::new, |field| format!(" (field {field})"))
}
