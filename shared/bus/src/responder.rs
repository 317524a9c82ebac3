//! Serves the requests that other programs send.

mod incoming_query;
mod incoming_request;
mod mcp_requests;
mod query_requests;
mod reply_address;
mod reply_batch;
mod reply_handle;
mod request_subscription;
mod world_requests;

use std::sync::Arc;

use contract::id::Partition;
use contract::query::Query;
use contract::subject;

pub use self::incoming_query::IncomingQuery;
pub use self::incoming_request::{BatchPosition, IncomingRequest};
pub use self::mcp_requests::{McpRequest, McpRequests};
pub use self::query_requests::QueryRequests;
pub use self::reply_handle::ReplyHandle;
use self::request_subscription::RequestSubscription;
pub use self::world_requests::WorldRequests;
use crate::connection::Connection;
use crate::{Error, MemberId};

/// Subscribes to requests. Cheap to clone.
#[derive(Clone)]
pub struct Responder {
    connection: Arc<Connection>,
}

impl Responder {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// The requests to the worlds of a partition: those for this owner of it, and, of those whose senders know no
    /// owner, some.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn subscribe_requests(
        &self,
        partition: Partition,
        owner: &MemberId,
    ) -> Result<WorldRequests, Error> {
        let subject = subject::commands_of(partition);
        let mut subscription = RequestSubscription::new(&self.connection);
        let of_owner = subject::commands_of_owner(partition, &owner.to_string());
        subscription.add(of_owner).await?;
        subscription.join(subject, subject::WORLD_GROUP).await?;
        Ok(WorldRequests::new(subscription))
    }

    /// The queries of one kind. Every replica of the archive that subscribes gets some of them.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn subscribe_queries<Q: Query>(&self) -> Result<QueryRequests<Q>, Error> {
        let subject = subject::query(Q::NAME);
        let mut subscription = RequestSubscription::new(&self.connection);
        subscription.join(subject, subject::QUERY_GROUP).await?;
        Ok(QueryRequests::new(subscription))
    }

    /// Requests to workers about MCP servers.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn subscribe_mcp_requests(&self) -> Result<McpRequests, Error> {
        let mut subscription = RequestSubscription::new(&self.connection);
        subscription.add(subject::MCP_SERVERS).await?;
        subscription.add(subject::MCP_CHECK).await?;
        subscription.add(subject::MCP_RESTART).await?;
        let any_worker = subject::WORKER_GROUP;
        subscription.join(subject::MCP_READ, any_worker).await?;
        Ok(McpRequests::new(subscription))
    }
}
