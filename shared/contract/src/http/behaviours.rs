//! Behaviours: what entities do by themselves, and what they use by a request.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::behaviour::{
    ActionResult, BehaviourView, DiagramFormat, RosterEntry, Statistics, Warning,
};
use crate::{EntityId, InteractionId, RoleName, Seq};

/// A behaviour that is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PutBehaviourResponse {
    /// Whose behaviour it is.
    pub id: EntityId,
    /// The commit that holds it.
    pub seq: Seq,
    /// What is doubtful in it.
    pub warnings: Vec<Warning>,
}

/// The behaviour of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BehaviourResponse {
    /// What it is, and what its machine is doing.
    #[serde(flatten)]
    pub behaviour: BehaviourView,
    /// The last commit that is considered.
    pub seq: Seq,
}

/// Of which moment something is shown.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AtQuery {
    /// As it was after this commit; now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Seq>,
}

/// How a behaviour is drawn.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiagramQuery {
    /// `mermaid` when absent.
    #[serde(default)]
    #[param(inline)]
    pub format: DiagramFormat,
    /// As it was after this commit; now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Seq>,
}

/// What an entity gives a built-in action.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct UseActionRequest {
    /// A JSON object; empty when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Box<RawValue>>,
    /// The open request of the entity that it is done for: `engage` and `disengage` concern its requester,
    /// `process` and `learn` take its samples when no others are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<InteractionId>,
}

/// What became of a built-in action that an entity has used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UseActionResponse {
    /// Whether it was true, and what the entity knows of others now.
    #[serde(flatten)]
    pub result: ActionResult,
    /// The commit that holds it.
    pub seq: Seq,
}

/// Who is in a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RosterResponse {
    /// By id.
    pub roster: Vec<RosterEntry>,
    /// The last commit that is considered.
    pub seq: Seq,
}

/// The role of an entity.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetRoleRequest {
    /// The role; none when null or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// Who changes it: a master of the world, or `world`, which is meant when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

/// What the machines of a world have done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatisticsResponse {
    /// Up to the last commit.
    #[serde(flatten)]
    pub statistics: Statistics,
    /// The last commit that is considered.
    pub seq: Seq,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_behaviour_keeps_the_order_of_its_fields_in_an_answer() {
        let text = r#"{"entity":"w","format":"manyworlds","definition":{"states":{"z":{},"a":{"wait_seconds":0.5}},"initial":"z"},"revision":3,"state":"z","since":"2026-01-31T12:00:00.000Z","paused":false,"waiting_for":[{"action":"process","for":"request"}],"running":null,"found":[],"engaged":["a"],"available":false,"valid_cmp":[],"evaluation":{},"playlist":{"streams":["t:recorded1"],"position":0,"repeat":1},"links":{"a":"connected"},"requests":2,"seq":57}"#;
        let response: BehaviourResponse = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&response).unwrap(), text);
    }

    #[test]
    fn an_action_is_answered_with_what_the_entity_knows() {
        let text = r#"{"result":true,"found":["s1"],"engaged":[],"valid_cmp":[],"playlist":{"streams":[],"position":0,"repeat":0},"seq":9}"#;
        let response: UseActionResponse = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&response).unwrap(), text);
        let request: UseActionRequest = serde_json::from_str("{}").unwrap();
        assert!(request.arguments.is_none());
    }
}
