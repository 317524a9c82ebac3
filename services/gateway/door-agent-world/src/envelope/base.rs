//! One message of an event stream.

use bytes::Bytes;
use contract::Timestamp;
use contract::commit::Position;
use serde_json::{Value, json};

/// One message of an event stream.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    /// The position after which a client resumes that has received this. Of the envelopes of one event
    /// only the last has it.
    pub(crate) position: Option<Position>,
    pub(crate) body: Value,
}

impl Envelope {
    pub(super) fn new(channel: &str, data: Value) -> Self {
        Self {
            position: None,
            body: Value::from_iter([("type", json!(channel)), ("data", data)]),
        }
    }

    /// The stream ends early.
    pub(crate) fn stream_error(message: &str) -> Self {
        let body = json!({"type": "error", "message": message, "timestamp": Timestamp::now()});
        Self {
            position: None,
            body,
        }
    }

    /// The same envelope, as the last of the event at this position.
    pub(crate) fn at_position(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// The same envelope, with one more field in its data.
    pub(crate) fn with_field(mut self, field: &str, value: Value) -> Self {
        self.body["data"][field] = value;
        self
    }

    /// The text of the server-sent event. It begins with `data:`, and the id is its last line: Agent World's
    /// own server has no other fields, so some clients look at the first characters of an event only.
    pub(crate) fn bytes(&self) -> Bytes {
        let id = self.position.map(|position| format!("id: {position}\n"));
        format!("data: {}\n{}\n", self.body, id.unwrap_or_default()).into()
    }
}
