//! The queries of one kind, as a replica of the archive serves them.

use std::marker::PhantomData;

use contract::query::{Query, QueryReply};

use super::incoming_query::IncomingQuery;
use super::reply_handle::ReplyHandle;
use super::request_subscription::{RequestMessage, RequestSubscription};
use crate::Error;

/// The queries of one kind. Dropped, it is unsubscribed.
pub struct QueryRequests<Q> {
    subscription: RequestSubscription,
    query: PhantomData<fn() -> Q>,
}

impl<Q: Query> QueryRequests<Q> {
    pub(super) fn new(subscription: RequestSubscription) -> Self {
        Self {
            subscription,
            query: PhantomData,
        }
    }

    /// The next query; `None` when the connection is closed for good, or all are handed out after
    /// [`Self::drain`]. A malformed one is answered here.
    pub async fn next(&mut self) -> Option<IncomingQuery<Q>> {
        loop {
            let message = self.subscription.next().await?;
            let traceparent = message.traceparent();
            let RequestMessage {
                payload, reply_to, ..
            } = message;
            let reply = ReplyHandle::new(reply_to);
            match serde_json::from_slice(&payload) {
                Ok(query) => {
                    return Some(IncomingQuery {
                        query,
                        traceparent,
                        reply,
                    });
                }
                Err(error) => {
                    let reason = error.to_string();
                    reply.send(&QueryReply::Invalid { reason }).await;
                }
            }
        }
    }

    /// Unsubscribes; the queries that were sent before are still handed out by [`Self::next`].
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS was not informed.
    pub async fn drain(&mut self) -> Result<(), Error> {
        self.subscription.drain().await
    }
}
