//! How a request is answered.

use std::marker::PhantomData;
use std::sync::Arc;

use contract::Reply;
use serde::Serialize;

use super::reply_address::ReplyAddress;
use super::reply_batch::ReplyBatch;
use crate::{Resource, resource};

/// Answers a request, once. Dropped, the request is not answered: its sender repeats it.
///
/// The replies to requests that travelled together go back together, once all are there. When one of
/// their handles is dropped, none is answered, and each sender repeats its request by itself.
pub struct ReplyHandle<R> {
    target: Target,
    reply: PhantomData<fn(R)>,
}

/// Small, since requests pass through many hands.
enum Target {
    Message(Box<ReplyAddress>),
    Batch {
        batch: Arc<ReplyBatch>,
        index: usize,
    },
}

impl<R> ReplyHandle<R> {
    /// Answers with a message of its own.
    pub(super) fn new(address: ReplyAddress) -> Self {
        Self {
            target: Target::Message(Box::new(address)),
            reply: PhantomData,
        }
    }
}

impl ReplyHandle<Reply> {
    /// Handles of `count` requests that came in one message, in their order.
    pub(super) fn of_batch(
        address: ReplyAddress,
        count: usize,
        bytes_max: usize,
    ) -> impl Iterator<Item = Self> {
        let batch = Arc::new(ReplyBatch::new(address, count, bytes_max));
        (0..count).map(move |index| Self {
            target: Target::Batch {
                batch: Arc::clone(&batch),
                index,
            },
            reply: PhantomData,
        })
    }
}

impl<R: Serialize> ReplyHandle<R> {
    /// Sends the reply. One that gets lost is requested again, so there is nothing to report.
    pub async fn send(self, reply: &R) {
        let Ok(payload) = serde_json::to_vec(reply) else {
            return;
        };
        match self.target {
            Target::Message(address) => address.publish(payload.into()).await,
            Target::Batch { batch, index } => batch.add(index, payload).await,
        }
    }
}

impl ReplyHandle<Result<Resource, String>> {
    /// Sends a resource, or why there is none. Its bytes travel as they are.
    pub async fn send_resource(self, resource: Result<Resource, String>) {
        if let Target::Message(address) = self.target {
            let (headers, payload) = resource::encode(resource);
            address.publish_with_headers(headers, payload).await;
        }
    }
}
