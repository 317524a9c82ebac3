//! What `make fuzz` calls.

use contract::{EntityId, NewEvent};

use crate::decode::InboundFrame;

/// Decodes a frame, and returns the event in it.
pub fn decode_frame(text: &str) -> Option<NewEvent> {
    let event = InboundFrame::decode(text).event.ok()?;
    let _ = event.content();
    let sender: EntityId = "ann".parse().ok()?;
    let target = event.target.as_ref().and_then(|target| target.parse().ok());
    event.resolved(&sender, target).ok()
}
