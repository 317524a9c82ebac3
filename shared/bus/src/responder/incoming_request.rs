//! A request to a world, as its world service gets it.

use std::sync::Arc;

use contract::{CommandId, Reply, Request, WorldId};

use super::reply_handle::ReplyHandle;

/// A request to a world that waits for its reply.
pub struct IncomingRequest {
    /// Which world.
    pub world: WorldId,
    /// What is requested.
    pub request: Box<Request>,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// Where it is in its ordered batch, if it is a command of one.
    pub position: Option<BatchPosition>,
    /// How to answer.
    pub reply: ReplyHandle<Reply>,
}

/// The place of a command in an ordered batch.
#[derive(Debug, Clone)]
pub struct BatchPosition {
    /// The commands of the batch, in their order.
    pub batch: Arc<[CommandId]>,
    /// Which of them it is.
    pub index: usize,
}
