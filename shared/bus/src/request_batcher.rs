//! Batches the requests of this process to the same world.
//!
//! The first request is sent at once; those that are made while a message to the world is under way go
//! with the next one. Under load a message holds many requests, and costs as much as one. Once many wait, they
//! do not wait for the reply to that message: the world decides them while it stores what was sent before. Messages
//! are sent, and arrive, in the order in which their requests were made.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use contract::{Reply, WorldId, subject};
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use tokio::sync::{Notify, oneshot};

use crate::CommandError;
use crate::batch_codec::{decode_replies, encode_array, malformed};
use crate::connection::Connection;
use crate::error_chain::error_chain;
use crate::owners::Owners;
use crate::request::{NoReply, request};

/// Requests of one batch: as many as fit in one commit.
const BATCH_REQUESTS_MAX: usize = 256;
/// Bytes of one batch, which must fit in a message of NATS (1 MiB by default); a request that is larger
/// by itself is a batch of its own.
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// From so many requests on, a message does not wait for the reply to the one before it.
const OVERLAPS_FROM: usize = 16;
/// Messages to one world that may be under way.
const MESSAGES_MAX: usize = 2;

type ReplySender = oneshot::Sender<Result<Reply, CommandError>>;

/// Batches requests by world.
pub(crate) struct RequestBatcher {
    connection: Arc<Connection>,
    owners: Arc<Owners>,
    /// How long one message waits for its reply.
    timeout: Duration,
    /// A world to which nothing is sent has no entry.
    queues: Mutex<HashMap<WorldId, Queue>>,
}

/// The requests to one world that are not sent yet.
#[derive(Default)]
struct Queue {
    pending: VecDeque<(Bytes, ReplySender)>,
    /// Whether a task is sending them.
    is_draining: bool,
    /// Notified when so many wait that they are sent before the reply to others.
    many_wait: Arc<Notify>,
}

impl RequestBatcher {
    pub(crate) fn new(
        connection: &Arc<Connection>,
        owners: &Arc<Owners>,
        timeout: Duration,
    ) -> Self {
        Self {
            connection: Arc::clone(connection),
            owners: Arc::clone(owners),
            timeout,
            queues: Mutex::default(),
        }
    }

    /// Sends an encoded request with the next batch, and waits for its reply.
    pub(crate) async fn send(
        self: &Arc<Self>,
        world: &WorldId,
        request: Bytes,
    ) -> Result<Reply, CommandError> {
        let (sender, reply) = oneshot::channel();
        if self.push(world, request, sender) {
            let (batcher, world) = (Arc::clone(self), world.clone());
            #[expect(
                clippy::disallowed_methods,
                reason = "it ends by itself when nothing is pending, and each message has its timeout"
            )]
            tokio::spawn(async move { batcher.drain(&world).await });
        }
        let dropped = |_| CommandError::Unavailable {
            world: world.clone(),
            reason: "this process is about to end".to_owned(),
        };
        reply.await.map_err(dropped)?
    }

    /// Adds a request to its queue; whether the caller has to start the task that drains it.
    fn push(&self, world: &WorldId, request: Bytes, sender: ReplySender) -> bool {
        let mut queues = self.lock();
        if let Some(queue) = queues.get_mut(world) {
            queue.pending.push_back((request, sender));
            if queue.pending.len() == OVERLAPS_FROM {
                queue.many_wait.notify_one();
            }
            return !std::mem::replace(&mut queue.is_draining, true);
        }
        let queue = queues.entry(world.clone()).or_default();
        queue.pending.push_back((request, sender));
        queue.is_draining = true;
        true
    }

    /// The next batch, behind so many messages that are under way; empty when nothing is to be sent now. Without
    /// one under way, the task that drains the queue may end then.
    fn next_batch(&self, world: &WorldId, under_way: usize) -> (Vec<Bytes>, Vec<ReplySender>) {
        let mut queues = self.lock();
        let mut batch = (Vec::new(), Vec::new());
        let Some(queue) = queues.get_mut(world) else {
            return batch;
        };
        if under_way >= MESSAGES_MAX || under_way > 0 && queue.pending.len() < OVERLAPS_FROM {
            return batch;
        }
        let mut bytes = 0;
        while batch.0.len() < BATCH_REQUESTS_MAX {
            let fits = |(request, _): &mut (Bytes, ReplySender)| {
                bytes == 0 || bytes + request.len() <= BATCH_BYTES_MAX
            };
            let Some((request, sender)) = queue.pending.pop_front_if(fits) else {
                break;
            };
            // A sender that stopped waiting repeats the request by itself.
            if !sender.is_closed() {
                bytes += request.len();
                batch.0.push(request);
                batch.1.push(sender);
            }
        }
        if batch.0.is_empty() && under_way == 0 {
            queues.remove(world);
        }
        batch
    }

    /// Sends what is pending for a world until nothing is.
    async fn drain(&self, world: &WorldId) {
        let Some(many_wait) = self.lock().get(world).map(|queue| queue.many_wait.clone()) else {
            return;
        };
        let mut under_way = FuturesOrdered::new();
        loop {
            let (requests, senders) = self.next_batch(world, under_way.len());
            if !requests.is_empty() {
                under_way.push_back(self.send_batch(world, requests, senders));
                continue;
            }
            if under_way.is_empty() {
                return;
            }
            tokio::select! {
                Some(()) = under_way.next() => {
                    // A sender that just got a reply may have another request: it is to be in the next batch.
                    tokio::task::yield_now().await;
                }
                () = many_wait.notified(), if under_way.len() < MESSAGES_MAX => {}
            }
        }
    }

    /// Sends a batch, and passes on the replies.
    async fn send_batch(&self, world: &WorldId, requests: Vec<Bytes>, senders: Vec<ReplySender>) {
        match self.request_batch(world, &requests).await {
            Ok(replies) => {
                let failed = |error| {
                    CommandError::transport(world, malformed(&subject::command(world), error))
                };
                for (sender, reply) in senders.into_iter().zip(replies) {
                    let _ = sender.send(reply.map_err(failed));
                }
            }
            Err(error) => {
                for sender in senders {
                    let _ = sender.send(Err(CommandError::no_reply(world, error.clone())));
                }
            }
        }
    }

    async fn request_batch(
        &self,
        world: &WorldId,
        requests: &[Bytes],
    ) -> Result<Vec<serde_json::Result<Reply>>, NoReply> {
        let payload: Bytes = encode_array(requests).into();
        let (client, timeout) = (&self.connection.client, self.timeout);
        let send = |subject: String| {
            let payload = payload.clone();
            async move { request(client, &subject, payload, timeout).await }
        };
        let reply = self.owners.request(world, send).await?;
        // Each sender repeats its request by itself, and learns then whether it was its own.
        let replies = decode_replies(&subject::command(world), &reply.payload, requests.len());
        replies.map_err(|error| NoReply::Failed(error_chain(&error)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorldId, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
