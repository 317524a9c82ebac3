//! How routers choose.

use std::collections::BTreeMap;

use contract::NodeId;
use contract::flow::{RouterCondition, RouterSpec};
use serde_json::Value;
use serde_json::value::RawValue;

/// What a router looks at.
pub(super) struct RouterInput<'a> {
    pub(super) event_type: &'a str,
    pub(super) data: &'a RawValue,
    pub(super) variables: &'a BTreeMap<String, Value>,
    /// The router's state; its initial one when absent.
    pub(super) state: Option<&'a String>,
}

/// What a router does with an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice<'a> {
    /// The transition that it makes: from one state to another.
    pub(super) transition: Option<(&'a String, &'a String)>,
    /// The nodes that get the event; all that an edge leads to when absent.
    pub(super) to: Option<&'a [NodeId]>,
}

/// What a router does with an event. The transition comes first: the new state chooses.
pub(super) fn choose<'a>(router: &'a RouterSpec, input: &RouterInput<'a>) -> Choice<'a> {
    let mut facts = Facts { input, data: None };
    let state = input.state.or(router.initial.as_ref());
    let transition = state.and_then(|from| {
        let transitions = &router.states.get(from)?.transitions;
        let met = transitions.iter().find(|one| facts.meet(&one.when))?;
        Some((from, &met.goto))
    });
    let state = transition.map_or(state, |(_, goto)| Some(goto));
    let route = router.routes.iter().find(|route| facts.meet(&route.when));
    let by_state = || {
        let state = router.states.get(state?)?;
        state.to.as_deref()
    };
    Choice {
        transition,
        to: route.map(|route| route.to.as_slice()).or_else(by_state),
    }
}

/// What conditions are about. The payload is parsed once, when a condition needs it.
struct Facts<'a, 'b> {
    input: &'b RouterInput<'a>,
    data: Option<Value>,
}

impl Facts<'_, '_> {
    fn meet(&mut self, condition: &RouterCondition) -> bool {
        if !condition.event_type.matches(self.input.event_type) {
            return false;
        }
        let variable = condition.variable.as_ref().map(|name| {
            let value = self.input.variables.get(name);
            value.filter(|value| !value.is_null())
        });
        if let Some(found) = variable {
            let wanted = condition.equals.as_ref();
            let wanted = wanted.filter(|_| condition.field.is_none());
            if found.is_none() || wanted.is_some_and(|wanted| found != Some(wanted)) {
                return false;
            }
        }
        let Some(path) = &condition.field else {
            return true;
        };
        let raw = self.input.data.get();
        let data = self
            .data
            .get_or_insert_with(|| serde_json::from_str(raw).unwrap_or_default());
        let found = field(data, path);
        match &condition.equals {
            Some(wanted) => found == Some(wanted),
            None => found.is_some(),
        }
    }
}

fn field<'a>(data: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').try_fold(data, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    });
    found.filter(|value| !value.is_null())
}
