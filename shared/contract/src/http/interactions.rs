//! Interactions: what entities request of each other.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::interaction::{StreamBindings, TargetStatus};
use crate::view::{InteractionStatus, InteractionView, RequestView, TargetView};
use crate::{ActionName, EntityId, InteractionId, Position, Seq};

/// What an entity requests of others.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InteractionRequest {
    /// Who requests it.
    pub requester: EntityId,
    /// What the targets are to do; without it, they only store the samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionName>,
    /// Of whom: ids of entities, and `role:NAME` for all others that have a role.
    pub targets: Vec<String>,
    /// What the action is given: a JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Box<RawValue>>,
    /// The streams that the targets read, each `owner:name`.
    #[serde(default, skip_serializing_if = "StreamBindings::is_empty")]
    #[schema(required = false)]
    pub streams: StreamBindings<String>,
    /// Samples for the targets' `stdin`: an array; or an object with an array for each stream of the
    /// requester to which they are appended first. Not together with `streams.stdin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub samples: Option<Box<RawValue>>,
    /// How many samples each target takes. When absent: as many as `samples` has, else one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// What has not ended after so many seconds has timed out; 300 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<f64>,
    /// A target accepts it only in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_state: Option<String>,
    /// A target accepts it only where it leads to this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_state: Option<String>,
    /// Whether the requester wants to know nothing of its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub volatile: bool,
    /// The action that the requester runs once, when it has ended for all targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<ActionName>,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestInteractionQuery {
    /// Whether to wait until it has ended for all targets. If not, the answer is 202 once the request
    /// is durable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wait: bool,
}

/// An interaction that is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InteractionReceipt {
    /// Its id.
    pub id: InteractionId,
    /// The commit of its request.
    pub seq: Seq,
    /// Whether a target had not ended it in that commit.
    pub status: InteractionStatus,
    /// How far each target was in that commit, in the order of the request.
    pub targets: Vec<TargetProgress>,
}

/// How far a target is with an interaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetProgress {
    /// The target.
    pub target: EntityId,
    /// How far it is.
    pub status: TargetStatus,
    /// How many of its steps are done.
    pub steps_done: u32,
    /// How many steps there are.
    pub steps: u32,
}

impl From<TargetView> for TargetProgress {
    fn from(view: TargetView) -> Self {
        Self {
            target: view.target,
            status: view.status,
            steps_done: view.steps_done,
            steps: view.steps,
        }
    }
}

/// An interaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InteractionResponse {
    /// What it is, and how far its targets are.
    #[serde(flatten)]
    pub interaction: InteractionView,
    /// The commit of its last change, or a later one that is considered. For one that has ended: the
    /// commit of its end.
    pub seq: Seq,
}

/// Which interactions.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InteractionsPageQuery {
    /// Those that this entity requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester: Option<EntityId>,
    /// Those that were requested of this entity, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<EntityId>,
    /// Those that are open, or those that have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub status: Option<InteractionStatus>,
    /// Those after this position of a request: the `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// A page of interactions, in the order of their requests.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InteractionsPage {
    /// The interactions. What an open one has written so far is not here.
    pub items: Vec<InteractionResponse>,
    /// What to pass as `after` for the next page; null on the last one.
    pub next: Option<Position>,
}

/// Who cancels an interaction.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CancelInteractionQuery {
    /// Its requester, or `world`, which is meant when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

/// How an interaction ended for a target whose brain is a client.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InteractionResultRequest {
    /// The target.
    pub target: EntityId,
    /// Whether it was completed.
    pub ok: bool,
    /// What the target writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<serde_json::Value>)]
    pub samples: Vec<Box<RawValue>>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What was requested of an entity and has not ended yet, in the order in which it came.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntityRequestsResponse {
    /// The requests.
    pub requests: Vec<RequestView>,
    /// The last commit that is considered.
    pub seq: Seq,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_name_what_it_leaves_out() {
        let text = r#"{"requester":"a","action":"process","targets":["w"],"arguments":{},
            "streams":{"stdin":["a:question"]},"samples":null,"steps":1,"timeout_seconds":15,
            "from_state":null,"to_state":null,"volatile":false,"callback":null}"#;
        let request: InteractionRequest = serde_json::from_str(text).unwrap();
        assert_eq!(request.streams.stdin, ["a:question"]);
        assert!(request.samples.is_none() && request.callback.is_none());
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"requester":"a","action":"process","targets":["w"],"arguments":{},"streams":{"stdin":["a:question"]},"steps":1,"timeout_seconds":15.0}"#
        );
    }

    #[test]
    fn an_interaction_survives_its_text() {
        let text = r#"{"id":"018f0000-0000-7000-8000-000000000001","requester":"a","action":null,"status":"ended","requested_at":"2026-01-31T12:00:00.000Z","deadline":"2026-01-31T12:05:00.000Z","ended_at":"2026-01-31T12:00:01.000Z","targets":[{"target":"w","status":"completed","steps_done":1,"steps":1,"reason":null,"detail":null,"state":null,"ended_at":"2026-01-31T12:00:01.000Z","output":[{"stream":"w:inbox","first":7,"last":7,"value":{"n":1.0}}]}],"seq":70}"#;
        let response: InteractionResponse = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&response).unwrap(), text);
    }
}
