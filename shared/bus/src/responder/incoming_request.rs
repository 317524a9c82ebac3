//! A request to a world, as its world service gets it.

use contract::{Reply, Request, WorldId};

use super::reply_handle::ReplyHandle;

/// A request to a world that waits for its reply.
pub struct IncomingRequest {
    /// Which world.
    pub world: WorldId,
    /// What is requested.
    pub request: Box<Request>,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// How to answer.
    pub reply: ReplyHandle<Reply>,
}
