//! The custom actions that are declared for a world.

use std::collections::BTreeMap;

use contract::Rejection;
use contract::behaviour::CustomAction;
use schema::Schema;
use serde_json::{Map, Value};

use super::catalogue::built_in;
use crate::rejection::invalid;
use crate::schemas::{invalid_data, parse_schema};

/// The custom actions that behaviours may use.
#[derive(Debug, Clone, Default)]
pub struct CustomActions {
    by_name: BTreeMap<String, Declared>,
}

#[derive(Debug, Clone)]
struct Declared {
    requestable: bool,
    /// Of all arguments.
    complete: Option<Schema>,
    /// Of some of the arguments, when a request may have the others.
    part: Option<Schema>,
    /// The names in the schema's `properties`.
    names: Vec<String>,
}

impl CustomActions {
    /// Checks declarations; `field` is where they stand in what was sent.
    ///
    /// # Errors
    /// When a schema is invalid, or a name is declared twice or is that of a built-in action.
    pub fn new<'a>(
        actions: impl IntoIterator<Item = &'a CustomAction>,
        field: &str,
    ) -> Result<Self, Rejection> {
        let mut by_name = BTreeMap::new();
        for (index, action) in actions.into_iter().enumerate() {
            let field = format!("{field}[{index}]");
            let name = action.name.as_str();
            if built_in(name).is_some() {
                let detail = format!("{name} is a built-in action");
                return Err(invalid(format!("{field}.name"), detail));
            }
            let declared = Declared::new(action, &format!("{field}.arguments"))?;
            if by_name.insert(name.to_owned(), declared).is_some() {
                let detail = format!("{name} is declared twice");
                return Err(invalid(format!("{field}.name"), detail));
            }
        }
        Ok(Self { by_name })
    }

    /// Whether an action of this name is declared.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether others may request the action; `None` when it is not declared.
    pub fn requestable(&self, name: &str) -> Option<bool> {
        Some(self.by_name.get(name)?.requestable)
    }

    /// Checks the arguments of an action by its schema; an action that is not declared takes any.
    ///
    /// # Errors
    /// The refusal names the argument, below `field`.
    pub fn check(
        &self,
        name: &str,
        args: &Map<String, Value>,
        field: &str,
    ) -> Result<(), Rejection> {
        let declared = self.by_name.get(name);
        check(
            declared.and_then(|declared| declared.complete.as_ref()),
            args,
            field,
        )
    }

    /// Checks arguments to which a request may add others.
    pub(super) fn check_part(
        &self,
        name: &str,
        args: &Map<String, Value>,
        field: &str,
    ) -> Result<(), Rejection> {
        let declared = self.by_name.get(name);
        check(
            declared.and_then(|declared| declared.part.as_ref()),
            args,
            field,
        )
    }

    /// Whether the action may be given an argument of this name: one without a schema takes any.
    pub(super) fn takes_argument(&self, name: &str, argument: &str) -> bool {
        let declared = self.by_name.get(name);
        declared.is_none_or(|declared| {
            declared.complete.is_none() || declared.names.iter().any(|name| name == argument)
        })
    }

    /// Whether the action declares an argument of this name.
    pub(super) fn has_argument(&self, name: &str, argument: &str) -> bool {
        let declared = self.by_name.get(name);
        declared.is_some_and(|declared| declared.names.iter().any(|name| name == argument))
    }
}

impl Declared {
    fn new(action: &CustomAction, field: &str) -> Result<Self, Rejection> {
        let Some(arguments) = &action.arguments else {
            return Ok(Self {
                requestable: action.requestable,
                complete: None,
                part: None,
                names: Vec::new(),
            });
        };
        let mut partial = arguments.clone();
        if let Some(schema) = partial.as_object_mut() {
            schema.remove("required");
        }
        let properties = arguments.get("properties").and_then(Value::as_object);
        Ok(Self {
            requestable: action.requestable,
            complete: Some(parse_schema(arguments, field)?),
            part: Some(parse_schema(&partial, field)?),
            names: properties.map_or_else(Vec::new, |names| names.keys().cloned().collect()),
        })
    }
}

fn check(schema: Option<&Schema>, args: &Map<String, Value>, field: &str) -> Result<(), Rejection> {
    let Some(schema) = schema else {
        return Ok(());
    };
    let raw = serde_json::value::to_raw_value(args);
    let raw = raw.map_err(|error| invalid(field, error.to_string()))?;
    schema
        .check(&raw)
        .map_err(|faults| invalid_data(&faults, field))
}
