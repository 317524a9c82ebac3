//! The kinds of purposes of runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of a [`Purpose`](crate::Purpose), as `action.requested` has it. What else belongs to the purpose is in
/// the other fields of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PurposeKind {
    /// See [`Purpose::Answer`](crate::Purpose::Answer).
    Answer,
    /// See [`Purpose::ToolCall`](crate::Purpose::ToolCall).
    ToolCall,
    /// See [`Purpose::Ability`](crate::Purpose::Ability).
    Ability,
    /// See [`Purpose::Decide`](crate::Purpose::Decide).
    Decide,
    /// See [`Purpose::Summarise`](crate::Purpose::Summarise).
    Summarise,
    /// See [`Purpose::Title`](crate::Purpose::Title).
    Title,
    /// See [`Purpose::Interaction`](crate::Purpose::Interaction).
    Interaction,
    /// See [`Purpose::Node`](crate::Purpose::Node).
    Node,
    /// See [`Purpose::Requested`](crate::Purpose::Requested).
    Requested,
}
