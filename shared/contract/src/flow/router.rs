//! Nodes that choose which of their edges an event takes, by rules alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::type_filter::TypeFilter;
use crate::id::NodeId;

/// How a router chooses. An event first makes the first transition of the router's state whose condition it
/// meets; then it takes the edges of the first route whose condition it meets, else those of the state,
/// else all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct RouterSpec {
    /// The state in which each session begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<String>,
    /// Its states, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, RouterState>,
    /// Routes of any state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouterRoute>,
}

/// A state of a router.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct RouterState {
    /// The nodes that get events in this state; all that an edge leads to when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<NodeId>>,
    /// The ways to other states. The first whose condition is met is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<RouterTransition>,
}

/// A way from one state of a router to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouterTransition {
    /// Which events take it.
    #[serde(default)]
    pub when: RouterCondition,
    /// The state that follows.
    pub goto: String,
}

/// The nodes that some events go to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouterRoute {
    /// Which events.
    #[serde(default)]
    pub when: RouterCondition,
    /// Where they go.
    pub to: Vec<NodeId>,
}

/// What an event has to be. What is absent is not looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouterCondition {
    /// Its type.
    #[serde(
        rename = "type",
        default = "TypeFilter::all",
        skip_serializing_if = "TypeFilter::is_all"
    )]
    pub event_type: TypeFilter,
    /// A field of its payload that it must have: names joined by dots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A variable that its session must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// The value that the field must have; that of the variable, when no field is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub equals: Option<Value>,
}

impl Default for RouterCondition {
    fn default() -> Self {
        Self {
            event_type: TypeFilter::all(),
            field: None,
            variable: None,
            equals: None,
        }
    }
}
