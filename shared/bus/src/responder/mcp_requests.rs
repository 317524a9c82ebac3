//! Requests to workers about MCP servers.

use std::collections::BTreeMap;

use contract::subject;
use contract::tool::{
    CheckMcpServers, McpServerCheck, McpServerStatus, ReadResource, RestartMcpServer,
};

use super::reply_handle::ReplyHandle;
use super::request_subscription::{RequestMessage, RequestSubscription};
use crate::Resource;

/// A request that waits for its reply.
pub enum McpRequest {
    /// Which MCP servers there are.
    List(ReplyHandle<Vec<McpServerStatus>>),
    /// How the worker stands to each of these, by name.
    Check(
        CheckMcpServers,
        ReplyHandle<BTreeMap<String, McpServerCheck>>,
    ),
    /// Connect to one anew: whether it is known.
    Restart(RestartMcpServer, ReplyHandle<bool>),
    /// Read a resource, or reply why it can't be read.
    Read(Box<ReadResource>, ReplyHandle<Result<Resource, String>>),
}

impl McpRequest {
    /// `None` when it is malformed.
    fn decode(message: RequestMessage) -> Option<Self> {
        let RequestMessage {
            subject,
            payload,
            reply_to,
            ..
        } = message;
        Some(match subject.as_str() {
            subject::MCP_SERVERS => Self::List(ReplyHandle::new(reply_to)),
            subject::MCP_CHECK => Self::Check(
                serde_json::from_slice(&payload).ok()?,
                ReplyHandle::new(reply_to),
            ),
            subject::MCP_RESTART => Self::Restart(
                serde_json::from_slice(&payload).ok()?,
                ReplyHandle::new(reply_to),
            ),
            _ => Self::Read(
                serde_json::from_slice(&payload).ok()?,
                ReplyHandle::new(reply_to),
            ),
        })
    }
}

/// Requests to workers about MCP servers. Dropped, it is unsubscribed.
pub struct McpRequests {
    subscription: RequestSubscription,
}

impl McpRequests {
    pub(super) fn new(subscription: RequestSubscription) -> Self {
        Self { subscription }
    }

    /// The next request; `None` when the connection is closed for good. A malformed one is not
    /// answered.
    pub async fn next(&mut self) -> Option<McpRequest> {
        loop {
            let message = self.subscription.next().await?;
            if let Some(request) = McpRequest::decode(message) {
                return Some(request);
            }
        }
    }
}
