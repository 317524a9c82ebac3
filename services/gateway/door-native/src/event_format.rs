//! Events and chunks as this door writes them: on an event stream and on a WebSocket.

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use contract::{Chunk, CloudEvent};
use door_kit::{DoorState, Frame, FrameSlot, Payload, sse_event};
use serde::Serialize;

/// Writes the events and chunks of this door, each once for all clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventFormat {
    sse: FrameSlot,
    socket: FrameSlot,
}

impl EventFormat {
    pub(crate) fn new(doors: &DoorState) -> Self {
        Self {
            sse: doors.register_frame_slot(),
            socket: doors.register_frame_slot(),
        }
    }

    /// A frame as a server-sent event.
    pub(crate) fn sse(&self, frame: &Frame) -> Bytes {
        let text = frame.text(self.sse, || Utf8Bytes::try_from(sse(&frame.payload)).ok());
        text.map(Bytes::from).unwrap_or_default()
    }

    /// A frame as a message of a WebSocket.
    pub(crate) fn socket(&self, frame: &Frame) -> Option<Utf8Bytes> {
        frame.text(self.socket, || Some(socket_message(&frame.payload)))
    }
}

fn sse(payload: &Payload) -> Bytes {
    match payload {
        Payload::Event(event) => {
            let id = event.sequence.to_string();
            sse_event(Some(&id), event.event_type.as_str(), &**event)
        }
        Payload::Chunk(chunk) => sse_event(None, "chunk", &**chunk),
    }
}

fn socket_message(payload: &Payload) -> Utf8Bytes {
    #[derive(Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Message<'a> {
        Event { event: &'a CloudEvent },
        Chunk { chunk: &'a Chunk },
    }
    let message = match payload {
        Payload::Event(event) => Message::Event { event },
        Payload::Chunk(chunk) => Message::Chunk { chunk },
    };
    serde_json::to_string(&message).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use contract::{CommandId, Event, Timestamp};
    use serde_json::value::RawValue;

    use super::*;

    fn event(event_type: &str, position: &str) -> Payload {
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
        let position = position.parse().unwrap();
        Payload::Event(Box::new(CloudEvent::new(
            &world,
            position,
            Timestamp::MAX,
            event,
        )))
    }

    #[test]
    fn a_payload_with_line_breaks_is_one_server_sent_event() {
        let text = String::from_utf8(sse(&event("a.b", "7.2")).to_vec()).unwrap();
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
    fn a_websocket_message_names_its_type() {
        let text = socket_message(&event("a.b", "7.2"));
        let value: serde_json::Value = serde_json::from_str(text.as_str()).unwrap();
        assert_eq!(value["type"], "event");
        assert_eq!(value["event"]["sequence"], "7.2");
    }
}
