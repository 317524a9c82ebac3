//! Refusals of commands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("{detail}")]
pub struct Rejection {
    /// The rule that refused it.
    pub code: RejectionCode,
    /// A sentence for people.
    pub detail: String,
    /// The field at fault, as a path: `events[2].type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Which case of the rule it is, where programs need to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<RejectionCause>,
}

impl Rejection {
    /// A refusal by a rule; `field` is the path of the field at fault, if one is.
    pub fn new(code: RejectionCode, detail: impl Into<String>, field: Option<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field,
            cause: None,
        }
    }
}

/// Cases of a rule that programs distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCause {
    /// Only a message of a person can be edited or removed.
    NotMessageOfPerson,
    /// The entity that an event is for is not in the world.
    UnknownTarget,
    /// A case that this build does not know.
    #[serde(other)]
    Other,
}

/// The rules that refuse commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// No world has this id.
    UnknownWorld,
    /// The world was deleted; its id is free again.
    WorldDeleted,
    /// No entity of the world has this id.
    UnknownEntity,
    /// No chat of the world has this id.
    UnknownChat,
    /// The chat has no message of this id, or keeps it no more.
    UnknownMessage,
    /// The world has no such timer.
    UnknownTimer,
    /// The world has no such stream.
    UnknownStream,
    /// The entity has no behaviour.
    UnknownBehaviour,
    /// The world has no such flow.
    UnknownFlow,
    /// The session has ended, or never was.
    UnknownSession,
    /// Something of this id is there already.
    AlreadyExists,
    /// The run, or what waited for a person, has ended, or never was.
    AlreadyEnded,
    /// Only the world itself sends events of this type.
    ReservedType,
    /// A value is not what it must be.
    Invalid,
    /// A limit of the world is reached.
    TooLarge,
    /// So much waits to be done that no more is taken now: try again.
    Busy,
    /// The command is so old that the world does not know any more whether it acted on it.
    Expired,
    /// What it was made from is not there any more: read it again, and try again.
    Conflict,
    /// The sender may not do this.
    NotAllowed,
    /// The log does not hold this moment yet.
    InFuture,
    /// The storage of the log is full: nothing that changes a world can be stored.
    StorageFull,
    /// The log of the world holds as much as its quota allows: only what ends or removes something is stored.
    QuotaExceeded,
    /// A rule that this build does not know: a newer world applied it. No world of this build sends it.
    #[serde(other)]
    Other,
}
