//! Our own format of behaviours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::destination::Destination;
use super::ordered_map::OrderedMap;
use super::seconds::Seconds;

/// A behaviour in our own format, in YAML or JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The state in which it begins.
    pub initial: String,
    /// Texts such as `<worker>`, and what replaces them in arguments, messages and times.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub wildcards: BTreeMap<String, Value>,
    /// The states, by their names, in the order in which they are drawn.
    #[schema(value_type = BTreeMap<String, State>)]
    pub states: OrderedMap<State>,
    /// More transitions, by the states that they leave: of states that come from templates.
    #[serde(default, skip_serializing_if = "OrderedMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Vec<Transition>>)]
    pub transitions: OrderedMap<Vec<Transition>>,
    /// Transitions that are tried after all others of the same state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teleports: Vec<Teleport>,
    /// Behaviours that transitions of this one may go to.
    #[serde(default, skip_serializing_if = "OrderedMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Template>)]
    pub templates: OrderedMap<Template>,
}

/// A behaviour that others can be made of: each transition to it adds a copy of its states.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The state to which a transition to the template goes.
    pub initial: String,
    /// Wildcards that the template needs, with the values that they have unless the behaviour that uses
    /// the template has others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub wildcards: BTreeMap<String, Value>,
    /// Its states. One whose name is in use already becomes `NAME.1`, `NAME.2` and so on.
    #[schema(value_type = BTreeMap<String, State>)]
    pub states: OrderedMap<State>,
    /// More transitions, by the states that they leave: of states that come from other templates.
    #[serde(default, skip_serializing_if = "OrderedMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Vec<Transition>>)]
    pub transitions: OrderedMap<Vec<Transition>>,
    /// Its teleports; `all` are the states of the template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teleports: Vec<Teleport>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Whether at most one transition leads through it per step. One that is not is left at once, if a
    /// transition is possible.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    #[schema(default = true)]
    pub blocking: bool,
    /// An action that is done whenever the state is entered, and on each later pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The arguments of `action`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub args: Map<String, Value>,
    /// So long only requests lead out of the state.
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub wait_seconds: Seconds,
    /// What is shown to people when the state is entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The ways out of it, in the order in which they are tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            blocking: true,
            action: None,
            args: Map::new(),
            wait_seconds: Seconds::ZERO,
            message: None,
            transitions: Vec::new(),
        }
    }
}

/// A way from one state to another: made when its action succeeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The action.
    pub action: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub args: Map<String, Value>,
    /// Where it goes.
    pub to: Destination,
    /// The state to go to when the action has failed for good; absent, the state stays the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// Whether it is tried without a request. If not, only a request for the action triggers it.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    #[schema(default = true)]
    pub ready: bool,
    /// Whether it comes before transitions that do not have this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub high_priority: bool,
    /// It is tried so long after the state was entered.
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub delay_seconds: Seconds,
    /// So long a failed action is tried again, before others are; not at all when 0.
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub retry_seconds: Seconds,
    /// So long the action may take; without limit when 0.
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub max_seconds: Seconds,
    /// What is shown to people when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Transition {
    /// A transition that an action makes, with the default of everything else.
    pub fn new(action: impl Into<String>, to: Destination) -> Self {
        Self {
            action: action.into(),
            args: Map::new(),
            to,
            on_failure: None,
            ready: true,
            high_priority: false,
            delay_seconds: Seconds::ZERO,
            retry_seconds: Seconds::ZERO,
            max_seconds: Seconds::ZERO,
            message: None,
        }
    }
}

/// A transition that is tried after all others of the same state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Teleport {
    /// The state that it leaves; `all` for every state but the one that it goes to.
    pub from: String,
    /// As of a [`Transition`].
    pub action: String,
    /// As of a [`Transition`].
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub args: Map<String, Value>,
    /// As of a [`Transition`].
    pub to: Destination,
    /// As of a [`Transition`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// As of a [`Transition`].
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    #[schema(default = true)]
    pub ready: bool,
    /// As of a [`Transition`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub high_priority: bool,
    /// As of a [`Transition`].
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub delay_seconds: Seconds,
    /// As of a [`Transition`].
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub retry_seconds: Seconds,
    /// As of a [`Transition`].
    #[serde(default, skip_serializing_if = "Seconds::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub max_seconds: Seconds,
    /// As of a [`Transition`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Teleport {
    /// The transition without the state that it leaves.
    pub fn transition(&self) -> Transition {
        Transition {
            action: self.action.clone(),
            args: self.args.clone(),
            to: self.to.clone(),
            on_failure: self.on_failure.clone(),
            ready: self.ready,
            high_priority: self.high_priority,
            delay_seconds: self.delay_seconds.clone(),
            retry_seconds: self.retry_seconds.clone(),
            max_seconds: self.max_seconds.clone(),
            message: self.message.clone(),
        }
    }
}

const fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_true(value: &bool) -> bool {
    *value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_read_with_all_its_fields_and_with_few() {
        let few = json!({"initial": "a", "states": {"a": {}}});
        let document: Document = serde_json::from_value(few).unwrap();
        assert_eq!(document.states.get("a"), Some(&State::default()));
        assert_eq!(
            serde_json::to_value(&document).unwrap(),
            json!({"initial": "a", "states": {"a": {}}})
        );
        let transition = json!({
            "action": "send", "args": {"action_name": "process"}, "to": "b", "on_failure": "a",
            "ready": false, "high_priority": true, "delay_seconds": 1.5, "retry_seconds": "<r>",
            "max_seconds": 2.0, "message": "on its way",
        });
        let mut teleport = transition.clone();
        teleport["from"] = json!("all");
        teleport["to"] = json!({"template": "t"});
        let template = json!({
            "initial": "x", "wildcards": {"<r>": 1}, "states": {"x": {"action": "nop", "args": {"message": "m"}}},
            "transitions": {"x": [transition]}, "teleports": [teleport],
        });
        let state = json!({
            "blocking": false, "action": "nop", "args": {"message": "m"}, "wait_seconds": 3.0,
            "message": "here", "transitions": [transition],
        });
        let full = json!({
            "initial": "b", "wildcards": {"<r>": 1}, "states": {"b": state, "a": {}},
            "transitions": {"x": [transition]}, "teleports": [teleport], "templates": {"t": template},
        });
        let document: Document = serde_json::from_value(full.clone()).unwrap();
        assert_eq!(serde_json::to_value(&document).unwrap(), full);
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        for document in [
            json!({"initial": "a", "states": {}, "more": 1}),
            json!({"initial": "a", "states": {"a": {"blocks": true}}}),
            json!({"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": "a", "if": 1}]}}}),
            json!({"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": {"templ": "a"}}]}}}),
            json!({"initial": "a", "states": {}, "teleports": [{"form": "a", "action": "nop", "to": "a"}]}),
        ] {
            assert!(
                serde_json::from_value::<Document>(document.clone()).is_err(),
                "{document}"
            );
        }
    }

    #[test]
    fn states_keep_their_order_and_are_there_once() {
        let text = r#"{"initial":"z","states":{"z":{},"m":{},"a":{}}}"#;
        let document: Document = serde_json::from_str(text).unwrap();
        let names: Vec<&str> = document.states.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["z", "m", "a"]);
        assert_eq!(serde_json::to_string(&document).unwrap(), text);
        let twice = r#"{"initial":"z","states":{"z":{},"z":{}}}"#;
        assert!(serde_json::from_str::<Document>(twice).is_err());
    }
}
