//! Tool calls that wait for a person.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tool::{Approval, Verdict};
use crate::{EntityId, Seq};

/// The tool calls of a world that wait for a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalsResponse {
    /// The calls, in the order in which they were made.
    pub approvals: Vec<Approval>,
    /// The last commit that is considered.
    pub seq: Seq,
}

/// The verdict about a tool call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DecideApprovalRequest {
    /// `"approved"`, `{"denied": {"reason": "..."}}`, or `{"answered": {"answers": [...]}}` when
    /// questions are asked.
    pub verdict: Verdict,
    /// Who decides; `world` when absent. An agent can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}
