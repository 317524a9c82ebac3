//! What a client gets.

use contract::commit::Position;
use contract::flow::FlowFrame;

/// What the client of a session gets.
#[derive(Debug, Clone)]
pub enum SessionItem {
    /// An event.
    Frame(Box<SessionFrame>),
    /// The session has ended: nothing more follows.
    Ended {
        /// Where that is in the log.
        position: Position,
        /// Why: a word for programs.
        reason: String,
    },
}

/// An event of a session for its client.
#[derive(Debug, Clone)]
pub struct SessionFrame {
    /// Where it is in the log; nothing for what is not in it: a piece of an answer, and the frames around an
    /// answer that begins anew.
    pub position: Option<Position>,
    /// Whether it ends an answer that begins anew, or is the new beginning.
    pub restarted: bool,
    /// The event.
    pub frame: FlowFrame,
}

impl SessionFrame {
    /// An event that is at `position` in the log.
    pub(super) fn durable(position: Position, frame: FlowFrame) -> Self {
        Self {
            position: Some(position),
            restarted: false,
            frame,
        }
    }

    /// An event that is not in the log.
    pub(super) fn live(frame: FlowFrame) -> Self {
        Self {
            position: None,
            restarted: false,
            frame,
        }
    }
}
