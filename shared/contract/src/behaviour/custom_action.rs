//! Custom actions: what workers add to the built-in actions.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::id::ActionName;

/// An action that a worker offers to behaviours, beside the built-in ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomAction {
    /// Its name: not that of a built-in action.
    pub name: ActionName,
    /// What its arguments must be: a JSON Schema of one object; any arguments when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Value>,
    /// Whether others may request it, where the behaviour accepts it.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub requestable: bool,
}

const fn yes() -> bool {
    true
}

/// A custom action that a worker has registered. In the log of a world, it is declared there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeclaredAction {
    /// The action.
    #[serde(flatten)]
    pub action: CustomAction,
    /// What the worker calls itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}
