//! A query, as the archive gets it.

use contract::query::{Query, QueryReply};

use super::reply_handle::ReplyHandle;

/// A query that waits for its reply.
pub struct IncomingQuery<Q: Query> {
    /// What is queried.
    pub query: Q,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// How to answer.
    pub reply: ReplyHandle<QueryReply<Q::Row>>,
}
