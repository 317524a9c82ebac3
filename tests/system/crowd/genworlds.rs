//! A client of GenWorlds' WebSocket that records everything.

use std::sync::Arc;

use super::record::{Received, Record};
use super::socket::{Next, Socket};

/// Reads every event from the beginning of the world, and goes on behind the last one when the WebSocket is closed.
pub(super) async fn read(record: Arc<Record>, received: Received) {
    let path = || {
        let (world, after) = (&record.world, received.position());
        format!("/ws/{world}?observe=all&after={after}")
    };
    let mut socket = Socket::open(&record, path).await;
    loop {
        match socket.next().await {
            Next::Frame(frame) if frame["event_type"] == super::EVENT_TYPE => {
                received.push(frame["sequence"].as_str().unwrap_or_default());
            }
            // Answers of agents, which are no events that somebody sent.
            Next::Frame(frame) if frame["event_type"] == "agent_speaks_with_user_event" => {}
            Next::Frame(frame) => record.error(format!("GenWorlds' WebSocket got {frame}")),
            Next::Closed(code) => {
                record.closed("GenWorlds' WebSocket", code);
                socket = Socket::open(&record, path).await;
            }
        }
    }
}
