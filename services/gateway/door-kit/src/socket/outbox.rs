//! The messages of one socket that are not written yet.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use axum::extract::ws::{Message, WebSocket};
use futures::SinkExt as _;
use tokio::time::Instant;

/// The messages that are not written yet, in order.
#[derive(Default)]
pub(super) struct Outbox {
    messages: VecDeque<Message>,
    bytes: usize,
    /// Whether a message is in the buffer of the socket, and not sent.
    is_buffered: bool,
    /// When the client has last taken something of what waits.
    waits_since: Option<Instant>,
}

impl Outbox {
    pub(super) fn push(&mut self, message: Message) {
        self.waits_since.get_or_insert_with(Instant::now);
        self.bytes += size_bytes(&message);
        self.messages.push_back(message);
    }

    /// Whether everything is sent.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && !self.is_buffered
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Since when nothing of what waits was taken; none when nothing waits.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        self.waits_since
    }

    /// Writes as much as the client takes. Ready once everything is sent.
    pub(super) fn poll_write(
        &mut self,
        socket: &mut WebSocket,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), axum::Error>> {
        while !self.messages.is_empty() {
            ready!(socket.poll_ready_unpin(context))?;
            if let Some(message) = self.messages.pop_front() {
                self.bytes -= size_bytes(&message);
                self.is_buffered = true;
                self.waits_since = Some(Instant::now());
                socket.start_send_unpin(message)?;
            }
        }
        ready!(socket.poll_flush_unpin(context))?;
        self.is_buffered = false;
        self.waits_since = None;
        Poll::Ready(Ok(()))
    }
}

fn size_bytes(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}
