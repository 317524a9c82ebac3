//! The older form of the other system's files, in which states and transitions are lists of values.

use contract::Rejection;
use contract::behaviour::{OrderedMap, Seconds};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::json::read;
use super::message::decode_references;
use super::parsed::{Located, Parsed, ParsedAction, ParsedState, ParsedTransition};
use crate::rejection::invalid;

#[derive(Deserialize)]
struct Lists {
    initial_state: String,
    #[serde(default)]
    welcome_msg: Option<String>,
    /// Action, arguments, id; then waiting time or blocking; or blocking, waiting time; then the message.
    #[serde(default)]
    state_actions: OrderedMap<Vec<Value>>,
    /// By the state that they leave, then by the one that they go to: action, arguments, ready, id, message.
    #[serde(default)]
    transitions: OrderedMap<OrderedMap<Vec<Vec<Value>>>>,
}

pub(super) fn read_lists(json: &str) -> Result<Parsed, Rejection> {
    let lists: Lists = read(json)?;
    let mut parsed = Parsed {
        message: lists.welcome_msg.as_deref().map(decode_references),
        scopes: vec![std::collections::BTreeMap::new()],
        ..Parsed::default()
    };
    for (name, values) in lists.state_actions.iter() {
        let path = format!("state_actions.{name}");
        push_state(&mut parsed, name, &Items { values, path })?;
    }
    if lists.state_actions.is_empty() {
        push_unlisted(&mut parsed, &lists)?;
    }
    parsed.initial = parsed.state(&lists.initial_state, "initial_state")?;
    for (from, destinations) in lists.transitions.iter() {
        for (to, actions) in destinations.iter() {
            for (index, values) in actions.iter().enumerate() {
                let path = format!("transitions.{from}.{to}[{index}]");
                push_transition(&mut parsed, from, to, &Items { values, path })?;
            }
        }
    }
    Ok(parsed)
}

/// A list of values, and where it stands.
struct Items<'a> {
    values: &'a [Value],
    path: String,
}

impl Items<'_> {
    /// The value at an index, which must be there.
    fn read<T: DeserializeOwned>(&self, index: usize) -> Result<Located<T>, Rejection> {
        let path = format!("{}[{index}]", self.path);
        let value = self.values.get(index).cloned().unwrap_or_default();
        match serde_json::from_value(value) {
            Ok(value) => Ok(Located::new(value, path)),
            Err(error) => Err(invalid(path, error.to_string())),
        }
    }

    /// The value at an index, or its default.
    fn read_or_default<T: DeserializeOwned + Default>(
        &self,
        index: usize,
    ) -> Result<Located<T>, Rejection> {
        let Located { value, path } = self.read::<Option<T>>(index)?;
        Ok(Located::new(value.unwrap_or_default(), path))
    }

    fn action(&self) -> Result<Option<ParsedAction>, Rejection> {
        let Located { value, path } = self.read::<Option<String>>(0)?;
        let args: Located<Map<String, Value>> = self.read_or_default(1)?;
        Ok(value.map(|name| ParsedAction {
            name: Located::new(name, path),
            args,
        }))
    }

    fn message(&self, index: usize) -> Result<Option<String>, Rejection> {
        let message: Option<String> = self.read(index)?.value;
        Ok(message.as_deref().map(decode_references))
    }
}

fn push_state(parsed: &mut Parsed, name: &str, items: &Items<'_>) -> Result<(), Rejection> {
    let length = items.values.len();
    if !(3..=6).contains(&length) {
        return Err(invalid(&items.path, "a state is a list of 3 to 6 values"));
    }
    let has_blocking = length > 4 || items.values.get(3).is_some_and(Value::is_boolean);
    let blocking: Option<bool> = if has_blocking {
        items.read(3)?.value
    } else {
        None
    };
    let wait: Located<Seconds> = if has_blocking {
        items.read_or_default(4)?
    } else {
        items.read_or_default(3)?
    };
    parsed.push_state(ParsedState {
        name: Located::new(name.to_owned(), &items.path),
        scope: 0,
        blocking: blocking.unwrap_or(true),
        wait,
        action: items.action()?,
        message: items.message(5)?,
    })
}

/// Adds the states that transitions name, when none are listed.
fn push_unlisted(parsed: &mut Parsed, lists: &Lists) -> Result<(), Rejection> {
    let initial = (lists.initial_state.as_str(), "initial_state".to_owned());
    let named = lists.transitions.iter().flat_map(|(from, destinations)| {
        let path = format!("transitions.{from}");
        let to = destinations.iter();
        let to = to.map(move |(to, _)| (to, format!("transitions.{from}.{to}")));
        std::iter::once((from, path)).chain(to)
    });
    for (name, path) in std::iter::once(initial).chain(named) {
        if parsed.find(name).is_none() {
            let values = [Value::Null, Value::Null, Value::Null];
            let values = &values;
            push_state(parsed, name, &Items { values, path })?;
        }
    }
    Ok(())
}

fn push_transition(
    parsed: &mut Parsed,
    from: &str,
    to: &str,
    items: &Items<'_>,
) -> Result<(), Rejection> {
    let path = &items.path;
    let length = items.values.len();
    if !(4..=5).contains(&length) {
        return Err(invalid(path, "a transition is a list of 4 or 5 values"));
    }
    let Some(action) = items.action()? else {
        return Err(invalid(format!("{path}[0]"), "a transition has an action"));
    };
    let Located { value, path } = items.read::<Option<bool>>(2)?;
    let ready = Located::new(value.unwrap_or(true), path);
    let no_time = || Located::new(Seconds::ZERO, &items.path);
    let transition = ParsedTransition {
        path: items.path.clone(),
        from: vec![parsed.state(from, &items.path)?],
        to: Located::new(parsed.state(to, &items.path)?, &items.path),
        on_failure: None,
        scope: 0,
        action,
        ready,
        high_priority: false,
        is_teleport: false,
        delay: no_time(),
        retry: no_time(),
        max: no_time(),
        message: items.message(4)?,
    };
    parsed.push_transition(transition)
}
