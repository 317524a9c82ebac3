//! The requests of one partition, as the world service that owns it serves them.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::{
    CommandId, Rejection, RejectionCode, Reply, Request, RequestEnvelope, WorldId, subject,
};

use super::incoming_request::{BatchPosition, IncomingRequest};
use super::reply_handle::ReplyHandle;
use super::request_subscription::{RequestMessage, RequestSubscription};
use crate::batch_codec::decode_array;
use crate::{Error, chunked_reply, ordered_batch};

/// The requests of one partition. Dropped, it is unsubscribed.
pub struct WorldRequests {
    subscription: RequestSubscription,
    /// Those that came with the last message and were not handed out yet.
    pending: VecDeque<IncomingRequest>,
}

impl WorldRequests {
    pub(super) fn new(subscription: RequestSubscription) -> Self {
        Self {
            subscription,
            pending: VecDeque::new(),
        }
    }

    /// The next request; `None` when the connection is closed for good, or all are handed out after
    /// [`Self::drain`]. One that is unknown or malformed is rejected here, by itself.
    pub async fn next(&mut self) -> Option<IncomingRequest> {
        loop {
            if let Some(incoming) = self.pending.pop_front() {
                return Some(incoming);
            }
            let message = self.subscription.next().await?;
            self.decode(message).await;
        }
    }

    /// The next requests of one message, which are to the same world, in their order; none when there are no
    /// more, as [`Self::next`].
    pub async fn next_batch(&mut self) -> Option<VecDeque<IncomingRequest>> {
        let first = self.next().await?;
        self.pending.push_front(first);
        Some(std::mem::take(&mut self.pending))
    }

    /// Unsubscribes; the requests that were sent before are still handed out by [`Self::next`].
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS was not informed.
    pub async fn drain(&mut self) -> Result<(), Error> {
        self.subscription.drain().await
    }

    async fn decode(&mut self, message: RequestMessage) {
        let traceparent = message.traceparent();
        let world = subject::world_of(&message.subject);
        let requests = decode_array(&message.payload).unwrap_or_else(|error| vec![Err(error)]);
        // The replies to several requests go back in one message.
        let is_chunked =
            requests.len() == 1 && chunked_reply::is_accepted(message.headers.as_ref());
        let bytes_max = if is_chunked {
            chunked_reply::REPLY_BYTES_MAX
        } else {
            message.reply_to.message_bytes_max()
        };
        let is_ordered = ordered_batch::is_ordered(message.headers.as_ref());
        let mut positions = is_ordered
            .then(|| positions_of(&requests))
            .into_iter()
            .flatten();
        let handles = ReplyHandle::of_batch(message.reply_to, requests.len(), bytes_max);
        for (request, reply) in requests.into_iter().zip(handles) {
            match accept(world.as_ref(), request) {
                Ok((world, envelope)) => self.pending.push_back(IncomingRequest {
                    world,
                    position: command_id(&envelope).and_then(|_| positions.next()),
                    request: envelope.request,
                    traceparent: envelope.trace.or_else(|| traceparent.clone()),
                    reply,
                }),
                Err(detail) => reply.send(&rejected(detail)).await,
            }
        }
    }
}

/// The positions of the commands that could be decoded.
fn positions_of(
    requests: &[serde_json::Result<RequestEnvelope>],
) -> impl Iterator<Item = BatchPosition> + use<> {
    let commands = requests.iter().flatten().filter_map(command_id);
    let batch: Arc<[CommandId]> = commands.collect();
    (0..batch.len()).map(move |index| BatchPosition {
        batch: Arc::clone(&batch),
        index,
    })
}

fn command_id(envelope: &RequestEnvelope) -> Option<CommandId> {
    match &*envelope.request {
        Request::Command(command) => Some(command.id),
        _ => None,
    }
}

/// # Errors
/// Why a request can't be handed out.
fn accept(
    world: Option<&WorldId>,
    request: serde_json::Result<RequestEnvelope>,
) -> Result<(WorldId, RequestEnvelope), String> {
    let world = world.ok_or("the subject names no world")?;
    let envelope = request.map_err(|error| format!("unknown or malformed request: {error}"))?;
    Ok((world.clone(), envelope))
}

fn rejected(detail: String) -> Reply {
    Reply::Rejected(Rejection {
        code: RejectionCode::Invalid,
        detail,
        field: None,
        cause: None,
    })
}
