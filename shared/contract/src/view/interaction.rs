//! What is shown of interactions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ActionName, EntityId, InteractionId};
use crate::interaction::{InteractionOutput, TargetStatus};
use crate::timestamp::Timestamp;

/// An interaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InteractionView {
    /// Which.
    pub id: InteractionId,
    /// Who requested it.
    pub requester: EntityId,
    /// What the targets are to do; `null` when they only store the samples.
    pub action: Option<ActionName>,
    /// Whether a target has not ended it yet.
    pub status: InteractionStatus,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// What has not ended by then has timed out.
    pub deadline: Timestamp,
    /// When it ended for the last of its targets.
    pub ended_at: Option<Timestamp>,
    /// How far each target is, in the order of the request.
    pub targets: Vec<TargetView>,
}

/// Whether an interaction is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InteractionStatus {
    /// A target has not ended it yet.
    Open,
    /// All targets have ended it.
    Ended,
}

/// How far a target is with an interaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetView {
    /// The target.
    pub target: EntityId,
    /// How far it is.
    pub status: TargetStatus,
    /// How many of its steps are done.
    pub steps_done: u32,
    /// How many steps there are.
    pub steps: u32,
    /// Why it did not complete: a word for programs.
    pub reason: Option<String>,
    /// Why it did not complete: a sentence for people.
    pub detail: Option<String>,
    /// The state that the target's behaviour was in when it ended.
    pub state: Option<String>,
    /// When it ended for this target.
    pub ended_at: Option<Timestamp>,
    /// What the target wrote.
    pub output: Vec<InteractionOutput>,
}

/// Some of the open interactions of a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionPage {
    /// The interactions.
    pub items: Vec<InteractionView>,
    /// After which id the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<InteractionId>,
}

/// The requests that an entity has not ended yet, in the order in which they came.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RequestsView {
    /// The requests.
    pub requests: Vec<RequestView>,
}

/// A request that waits for an entity, or that it is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestView {
    /// Which.
    pub interaction: InteractionId,
    /// Who requested it.
    pub requester: EntityId,
    /// What is requested; `null` when samples are only stored.
    pub action: Option<ActionName>,
    /// How far it is.
    pub status: TargetStatus,
    /// How often it was tried and failed.
    pub attempts: u32,
    /// When it times out.
    pub deadline: Timestamp,
}
