//! What `make fuzz` calls.

use door_kit::{Clock, Principal};

use crate::decode_frame::{ClientFrame, FrameRequest};

/// Decodes a frame of a WebSocket, and returns the command in it as JSON.
pub fn decode_frame(text: &str) -> Option<String> {
    let world = "lobby".parse().ok()?;
    let principal = Principal::from_key(1, std::sync::Arc::default());
    let frame = ClientFrame::decode(text, &world, &principal, &Clock::default());
    match frame.request.ok()? {
        FrameRequest::Ping => None,
        FrameRequest::Command { command, .. } => serde_json::to_string(&command).ok(),
    }
}
