//! What `make fuzz` calls.

use contract::flow::NewFlowEvent;

/// Decodes a frame, and returns the event in it.
pub fn decode_frame(bytes: &[u8]) -> Option<NewFlowEvent> {
    crate::decode::decode(bytes).ok()
}
