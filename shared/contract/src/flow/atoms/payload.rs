//! Payloads that are written and read.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::flow::TranscriptMessage;

/// How bad an `agent.error` is. The session goes on after either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorSeverity {
    /// The session goes on as if nothing had happened.
    Warning,
    /// What was begun failed.
    Fatal,
}

/// The names of `agent.log` that the world itself reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogName {
    /// A call of a tool begins: `{id, name, arguments, on_interrupt}`.
    ToolCallStart,
    /// It has ended: `{id, name, latency, success, context}`.
    ToolCallEnd,
    /// It has failed: `{id, name, error, success}`.
    ToolCallError,
    /// A router is in another state: `{from, to, state}`.
    Transition,
}

impl LogName {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToolCallStart => "tool_call_start",
            Self::ToolCallEnd => "tool_call_end",
            Self::ToolCallError => "tool_call_error",
            Self::Transition => "agent.transition",
        }
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// A payload without fields.
pub fn empty() -> Box<RawValue> {
    raw(&json!({}))
}

/// The payload of `agent.error`.
pub fn agent_error(message: &str, severity: ErrorSeverity, payload: &Value) -> Box<RawValue> {
    raw(&json!({"message": message, "severity": severity, "payload": payload}))
}

/// The payload of `agent.log`.
pub fn agent_log(name: LogName, payload: &Value) -> Box<RawValue> {
    raw(&json!({"name": name.as_str(), "payload": payload}))
}

/// The payload of `agent.llm.response.chunk`.
pub fn chunk(text: &str) -> Box<RawValue> {
    raw(&json!({"text": text}))
}

/// The content of a `system.llm.request` by its own payload: that of the frame, else the last turn of the user
/// in its messages.
pub fn content(data: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Content {
        #[serde(default)]
        content: Option<String>,
    }
    let own: Option<Content> = serde_json::from_str(data.get()).ok();
    own.and_then(|own| own.content)
        .or_else(|| last_user_content(&messages(data)))
}

/// The last turn of the user.
pub fn last_user_content(messages: &[TranscriptMessage]) -> Option<String> {
    let last = messages.iter().rev().find(|message| message.role == "user");
    last.map(|message| message.content.clone())
}

/// The messages of a `system.llm.request`, those of the system aside. A list without others is as if
/// there was none.
pub fn messages(data: &RawValue) -> Vec<TranscriptMessage> {
    let Ok(fields) = serde_json::from_str::<Map<String, Value>>(data.get()) else {
        return Vec::new();
    };
    let Some(Value::Array(items)) = fields.get("messages") else {
        return Vec::new();
    };
    let messages = items.iter().filter_map(|item| {
        let role = item.get("role")?.as_str()?;
        let content = match item.get("content")? {
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        (role != "system").then(|| TranscriptMessage {
            role: role.to_owned(),
            content,
            interrupted: false,
        })
    });
    messages.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_request_is_its_own_or_the_last_of_the_user() {
        let messages = json!([
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": null, "tool_calls": []},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": "two"},
        ]);
        for (data, expected) in [
            (json!({"content": "own", "messages": messages}), Some("own")),
            (json!({"content": null, "messages": messages}), Some("two")),
            (
                json!({"messages": [{"role": "system", "content": "x"}]}),
                None,
            ),
            (json!({"messages": null}), None),
            (json!({}), None),
        ] {
            assert_eq!(content(&raw(&data)).as_deref(), expected, "{data}");
        }
    }
}
