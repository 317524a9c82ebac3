//! Where a reply goes.

use std::sync::Arc;

use async_nats::{HeaderMap, Subject};
use bytes::Bytes;

use crate::chunked_reply;
use crate::connection::Connection;

/// Where a reply goes. A reply that gets lost is requested again, so there are no errors.
pub(super) struct ReplyAddress {
    connection: Arc<Connection>,
    inbox: Subject,
}

impl ReplyAddress {
    pub(super) fn new(connection: &Arc<Connection>, inbox: Subject) -> Self {
        Self {
            connection: Arc::clone(connection),
            inbox,
        }
    }

    /// The most that fits in one message.
    pub(super) fn message_bytes_max(&self) -> usize {
        chunked_reply::message_bytes_max(&self.connection.client)
    }

    pub(super) async fn publish(self, payload: Bytes) {
        let _ = self.connection.client.publish(self.inbox, payload).await;
    }

    pub(super) async fn publish_with_headers(self, headers: HeaderMap, payload: Bytes) {
        let client = &self.connection.client;
        let sent = client.publish_with_headers(self.inbox, headers, payload);
        let _ = sent.await;
    }

    /// Publishes a reply in as many messages as it takes.
    pub(super) async fn publish_in_chunks(&self, payload: Bytes) {
        let client = &self.connection.client;
        chunked_reply::publish(client, self.inbox.clone(), payload).await;
    }
}
