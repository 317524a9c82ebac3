//! An event or a signal on its way to clients.

use std::sync::OnceLock;

use axum::extract::ws::Utf8Bytes;
use contract::commit::Position;
use contract::{Chunk, CloudEvent};

use super::frame_slot::FrameSlot;

/// What a frame holds beside its payload, roughly.
const OVERHEAD_BYTES: usize = 512;

/// An event or a signal on its way to clients. Each door writes it in its own forms, each when the first
/// client needs it; the other clients share the text.
#[derive(Debug)]
pub struct Frame {
    /// The event or the signal.
    pub payload: Payload,
    /// One for each [`FrameSlot`] that was registered when the frame was made.
    texts: Box<[OnceLock<Option<Utf8Bytes>>]>,
}

/// What a frame contains.
#[derive(Debug)]
pub enum Payload {
    /// An event of the log.
    Event(Box<CloudEvent>),
    /// A piece of an answer.
    Chunk(Box<Chunk>),
}

impl Frame {
    /// A frame that keeps its text in `slots` forms.
    pub(super) fn new(payload: Payload, slots: usize) -> Self {
        Self {
            payload,
            texts: (0..slots).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The position of its event; a signal has none.
    pub(super) fn position(&self) -> Option<Position> {
        match &self.payload {
            Payload::Event(event) => Some(event.sequence),
            Payload::Chunk(_) => None,
        }
    }

    /// The bytes that it holds, roughly: its payload, and that once more as the text of a door.
    pub(super) fn size_bytes(&self) -> usize {
        let payload = match &self.payload {
            Payload::Event(event) => event.data.get().len(),
            Payload::Chunk(chunk) => chunk.text.len(),
        };
        OVERHEAD_BYTES + 2 * payload
    }

    /// The frame in the form of `slot`: `write` writes it, or returns nothing when the form has no text
    /// for it.
    pub fn text(
        &self,
        slot: FrameSlot,
        write: impl FnOnce() -> Option<Utf8Bytes>,
    ) -> Option<Utf8Bytes> {
        match self.texts.get(slot.index()) {
            Some(text) => text.get_or_init(write).clone(),
            None => write(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use contract::{CommandId, Event, Timestamp};
    use serde_json::value::RawValue;

    use super::*;
    use crate::fanout::frame_slot::FrameSlots;

    pub(crate) fn event(event_type: &str, position: &str) -> CloudEvent {
        event_of(event_type, position, "{\n \"a\":\r\n1}".to_owned())
    }

    /// An event with this payload.
    pub(crate) fn event_of(event_type: &str, position: &str, data: String) -> CloudEvent {
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
            data: RawValue::from_string(data).unwrap(),
        };
        let world = "lobby".parse().unwrap();
        CloudEvent::new(&world, position.parse().unwrap(), Timestamp::MAX, event)
    }

    #[test]
    fn each_form_is_written_once() {
        let slots = FrameSlots::default();
        let (one, other) = (slots.register(), slots.register());
        let payload = || Payload::Event(Box::new(event("a.b", "7.2")));
        let frame = Frame::new(payload(), slots.count());
        let text = |text: &'static str| Some(Utf8Bytes::from_static(text));
        assert_eq!(frame.text(one, || text("a")), text("a"));
        assert_eq!(frame.text(one, || text("b")), text("a"));
        assert_eq!(frame.text(other, || None), None);
        assert_eq!(frame.text(other, || text("b")), None);
        let uncached = Frame::new(payload(), 0);
        assert_eq!(uncached.text(one, || text("a")), text("a"));
        assert_eq!(uncached.text(one, || text("b")), text("b"));
    }
}
