//! The placeholders of a script that decides for an agent. Pure.

use std::collections::BTreeMap;

use contract::mind::MemoryEntry;
use serde_json::Value;

use super::task::MindTask;
use crate::brain::template::fill;

/// The values of the placeholders of a script.
pub(super) struct Placeholders<'a> {
    agent: &'a str,
    sender: &'a str,
    cause: EventFields,
    result: EventFields,
}

impl<'a> Placeholders<'a> {
    pub(super) fn new(task: MindTask<'a>, cause: &'a MemoryEntry) -> Self {
        let agent = &task.context.entity.id;
        let mut memory = task.mind.memory.iter().rev();
        let result = memory.find(|event| event.sender != *agent);
        Self {
            agent: task.context.entity.display_name(),
            sender: cause.sender.as_str(),
            cause: EventFields::of(cause),
            result: result.map(EventFields::of).unwrap_or_default(),
        }
    }

    /// `{text}` and `{data.FIELD}` are of the event that woke the agent, `{result}` and
    /// `{result.FIELD}` of the last event from somebody else.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        match name {
            "agent" => Some(self.agent),
            "sender" => Some(self.sender),
            "text" => Some(&self.cause.text),
            "result" => Some(&self.result.text),
            _ => match name.split_once('.')? {
                ("data", field) => self.cause.field(field),
                ("result", field) => self.result.field(field),
                _ => None,
            },
        }
    }

    /// Fills all strings of a JSON value. A string that is exactly one placeholder becomes the JSON
    /// value of that field.
    pub(super) fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.json_value(text).unwrap_or_else(|| {
                let filled = fill(text, |name| self.value(name));
                Value::String(filled)
            }),
            Value::Array(items) => items.iter().map(|item| self.fill_value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| (name.clone(), self.fill_value(field)))
                .collect(),
            other => other.clone(),
        }
    }

    fn json_value(&self, text: &str) -> Option<Value> {
        let name = text.strip_prefix('{')?.strip_suffix('}')?;
        let (of, field) = name.split_once('.')?;
        let fields = match of {
            "data" => &self.cause,
            "result" => &self.result,
            _ => return None,
        };
        fields.values.get(field).map(|(value, _)| value.clone())
    }
}

/// The data of an event: as a text, and each field as JSON and as a text.
#[derive(Default)]
pub(super) struct EventFields {
    /// The field `message`, or the JSON of all fields.
    pub(super) text: String,
    values: BTreeMap<String, (Value, String)>,
}

impl EventFields {
    pub(super) fn of(event: &MemoryEntry) -> Self {
        let data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
        let values = match data {
            Value::Object(fields) => fields,
            _ => serde_json::Map::new(),
        };
        let values: BTreeMap<_, _> = values
            .into_iter()
            .map(|(name, value)| {
                let text = as_text(&value);
                (name, (value, text))
            })
            .collect();
        let message = values.get("message").map(|(_, text)| text.clone());
        Self {
            text: message.unwrap_or_else(|| event.data.get().to_owned()),
            values,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(_, text)| text.as_str())
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
