//! An event or a signal, written once for all clients.

use std::sync::OnceLock;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use contract::commit::Position;
use contract::{Chunk, CloudEvent};
use serde::Serialize;

/// An event or a signal on its way to clients. Each form of it is written when the first client
/// wants it, and shared by the others.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) body: Body,
    sse: OnceLock<Bytes>,
    websocket: OnceLock<Utf8Bytes>,
    flat: OnceLock<Option<Utf8Bytes>>,
}

/// What a frame says.
#[derive(Debug)]
pub(crate) enum Body {
    Event(Box<CloudEvent>),
    Chunk(Box<Chunk>),
}

impl Frame {
    pub(crate) fn event(event: CloudEvent) -> Self {
        Self::new(Body::Event(Box::new(event)))
    }

    pub(crate) fn chunk(chunk: Chunk) -> Self {
        Self::new(Body::Chunk(Box::new(chunk)))
    }

    fn new(body: Body) -> Self {
        Self {
            body,
            sse: OnceLock::new(),
            websocket: OnceLock::new(),
            flat: OnceLock::new(),
        }
    }

    /// Its place in the log; a signal has none.
    pub(crate) fn position(&self) -> Option<Position> {
        match &self.body {
            Body::Event(event) => Some(event.sequence),
            Body::Chunk(_) => None,
        }
    }

    /// As the clients of GenWorlds know it, where it is the same for all of them: `write` writes it.
    pub(crate) fn flat(&self, write: impl FnOnce() -> Option<Utf8Bytes>) -> Option<Utf8Bytes> {
        self.flat.get_or_init(write).clone()
    }

    /// As a server-sent event.
    pub(crate) fn sse(&self) -> Bytes {
        let write = || match &self.body {
            Body::Event(event) => {
                let id = event.sequence.to_string();
                sse(Some(&id), event.event_type.as_str(), &**event)
            }
            Body::Chunk(chunk) => sse(None, "chunk", &**chunk),
        };
        self.sse.get_or_init(write).clone()
    }

    /// As a message of a WebSocket.
    pub(crate) fn websocket(&self) -> Utf8Bytes {
        #[derive(Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        enum Message<'a> {
            Event { event: &'a CloudEvent },
            Chunk { chunk: &'a Chunk },
        }
        let write = || {
            let message = match &self.body {
                Body::Event(event) => Message::Event { event },
                Body::Chunk(chunk) => Message::Chunk { chunk },
            };
            serde_json::to_string(&message).unwrap_or_default().into()
        };
        self.websocket.get_or_init(write).clone()
    }
}

/// One server-sent event. A payload may hold line breaks where JSON allows them: each line is a
/// field of its own then, and the client joins them again.
pub(crate) fn sse(id: Option<&str>, name: &str, data: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(data).unwrap_or_default();
    let mut text = String::with_capacity(json.len() + 64);
    if let Some(id) = id {
        text.extend(["id: ", id, "\n"]);
    }
    text.extend(["event: ", name, "\n"]);
    let json = json.replace("\r\n", "\n");
    for line in json.split(['\n', '\r']) {
        text.extend(["data: ", line, "\n"]);
    }
    text.push('\n');
    text.into()
}

#[cfg(test)]
pub(crate) mod tests {
    use contract::{CommandId, Event, Timestamp};
    use serde_json::value::RawValue;

    use super::*;

    pub(crate) fn event(event_type: &str, position: &str) -> CloudEvent {
        let event = Event {
            id: CommandId::new().event(0),
            event_type: event_type.parse().unwrap(),
            sender: "ada".parse().unwrap(),
            target: None,
            chat: None,
            causation: None,
            correlation: None,
            trace: None,
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data: RawValue::from_string("{\n \"a\":\r\n1}".to_owned()).unwrap(),
        };
        let world = "lobby".parse().unwrap();
        CloudEvent::new(&world, position.parse().unwrap(), Timestamp::MAX, event)
    }

    #[test]
    fn a_payload_with_line_breaks_is_one_server_sent_event() {
        let frame = Frame::event(event("a.b", "7.2"));
        let text = String::from_utf8(frame.sse().to_vec()).unwrap();
        assert!(text.starts_with("id: 7.2\nevent: a.b\ndata: {"), "{text}");
        assert!(text.ends_with("}\n\n") && !text[..text.len() - 2].contains("\n\n"));
        let data: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect();
        let read: CloudEvent = serde_json::from_str(&data.join("\n")).unwrap();
        assert_eq!(read.data.get(), "{\n \"a\":\n1}");
    }

    #[test]
    fn a_websocket_message_says_what_it_is() {
        let text = Frame::event(event("a.b", "7.2")).websocket();
        let value: serde_json::Value = serde_json::from_str(text.as_str()).unwrap();
        assert_eq!(value["type"], "event");
        assert_eq!(value["event"]["sequence"], "7.2");
    }
}
