//! Requests to worlds, as whoever owns their partition serves them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::{Message, Subscriber};
use contract::id::Partition;
use contract::{Rejection, RejectionCode, Reply, Request, RequestEnvelope, WorldId, subject};
use futures::StreamExt;

use crate::batch_codec::{decode_array, encode_array};
use crate::{Bus, Error, parts, trace};

/// More than what stands in place of a reply that is to be asked for alone.
const ALONE_BYTES_MAX: usize = 128;

impl Bus {
    /// Serves the requests of a partition, together with every other replica that does.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn serve(&self, partition: Partition) -> Result<Requests, Error> {
        let subscriber = self
            .client
            .queue_subscribe(
                subject::commands_of(partition),
                subject::WORLD_GROUP.to_owned(),
            )
            .await
            .map_err(|e| Error::broker("serve a partition", e))?;
        Ok(Requests {
            bus: self.clone(),
            subscriber,
            came: VecDeque::new(),
        })
    }
}

/// The requests of one partition. Dropped, it serves no more.
pub struct Requests {
    bus: Bus,
    subscriber: Subscriber,
    /// Those that came with the last message and were not handed out yet.
    came: VecDeque<Incoming>,
}

/// A request that waits for its answer.
pub struct Incoming {
    /// The world that is asked.
    pub world: WorldId,
    /// What is asked.
    pub request: Box<Request>,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// How to answer.
    pub answer: Answer,
}

impl Requests {
    /// The next request; `None` when the connection is closed for good. One that can't be read is
    /// answered here.
    pub async fn next(&mut self) -> Option<Incoming> {
        loop {
            if let Some(incoming) = self.came.pop_front() {
                return Some(incoming);
            }
            let message = self.subscriber.next().await?;
            self.read(&message).await;
        }
    }

    /// Stops taking new requests; those that came before are still handed out by [`Self::next`].
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn drain(&mut self) -> Result<(), Error> {
        self.subscriber
            .drain()
            .await
            .map_err(|e| Error::broker("leave a partition", e))
    }

    async fn read(&mut self, message: &Message) {
        let Some(reply) = message.reply.clone() else {
            return;
        };
        let trace = trace::of(message.headers.as_ref());
        let asked = read(&message.payload);
        // Those who ask together wait for one message.
        let bytes_max = if asked.len() == 1 && parts::are_taken(message.headers.as_ref()) {
            parts::ANSWER_BYTES_MAX
        } else {
            parts::message_bytes_max(&self.bus.client)
        };
        let answers = Answer::to(&self.bus, reply, asked.len(), bytes_max);
        let world = subject::world_of(&message.subject);
        for (asked, answer) in asked.into_iter().zip(answers) {
            match (&world, asked) {
                (Some(world), Ok(asked)) => self.came.push_back(Incoming {
                    world: world.clone(),
                    request: asked.request,
                    traceparent: asked.trace.or_else(|| trace.clone()),
                    answer,
                }),
                (Some(_), Err(error)) => answer.send(&refusal(error.to_string())).await,
                (None, _) => {
                    let detail = format!("{} names no world", message.subject);
                    answer.send(&refusal(detail)).await;
                }
            }
        }
    }
}

/// Reads an array of requests. One that can't be read does not spoil the others.
fn read(payload: &[u8]) -> Vec<serde_json::Result<RequestEnvelope>> {
    decode_array(payload).unwrap_or_else(|error| vec![Err(error)])
}

fn refusal(detail: String) -> Reply {
    Reply::Rejected(Rejection {
        code: RejectionCode::Invalid,
        detail,
        field: None,
    })
}

/// Where the answer to a request goes: with those to the requests that came with it, once all are
/// there. Dropped, nobody is answered: all of them ask again, each for itself.
pub struct Answer {
    together: Arc<Together>,
    place: usize,
}

struct Together {
    bus: Bus,
    reply: async_nats::Subject,
    replies: Mutex<Replies>,
}

struct Replies {
    written: Vec<Vec<u8>>,
    missing: usize,
    bytes: usize,
    bytes_max: usize,
}

impl Answer {
    fn to(
        bus: &Bus,
        reply: async_nats::Subject,
        count: usize,
        bytes_max: usize,
    ) -> impl Iterator<Item = Self> + use<> {
        let together = Arc::new(Together {
            bus: bus.clone(),
            reply,
            replies: Mutex::new(Replies::new(count, bytes_max)),
        });
        (0..count).map(move |place| Self {
            together: together.clone(),
            place,
        })
    }

    /// Answers. An answer that gets lost is asked for again, so there is nothing to report.
    pub async fn send(self, reply: &Reply) {
        let Ok(written) = serde_json::to_vec(reply) else {
            return;
        };
        let complete = self.together.lock().add(self.place, written);
        let Some(payload) = complete else {
            return;
        };
        let reply = self.together.reply.clone();
        parts::answer(&self.together.bus.client, reply, payload.into()).await;
    }
}

impl Together {
    fn lock(&self) -> MutexGuard<'_, Replies> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replies {
    fn new(count: usize, bytes_max: usize) -> Self {
        Self {
            written: vec![Vec::new(); count],
            missing: count,
            bytes: 0,
            bytes_max,
        }
    }

    /// Adds a reply; the whole answer, when this was the last one. A reply that nothing carries is
    /// refused in its place: nobody could ever be told. One that is too large beside the others, or
    /// for one message, is to be asked for alone.
    fn add(&mut self, place: usize, reply: Vec<u8>) -> Option<Vec<u8>> {
        let others = self.bytes + (self.missing - 1) * ALONE_BYTES_MAX;
        self.written[place] = if reply.len() + ALONE_BYTES_MAX > parts::ANSWER_BYTES_MAX {
            too_large(reply.len(), parts::ANSWER_BYTES_MAX)
        } else if others + reply.len() + ALONE_BYTES_MAX > self.bytes_max {
            alone()
        } else {
            reply
        };
        self.bytes += self.written[place].len() + 1;
        self.missing -= 1;
        (self.missing == 0).then(|| encode_array(&self.written))
    }
}

fn too_large(bytes: usize, bytes_max: usize) -> Vec<u8> {
    let refusal = Reply::Rejected(Rejection {
        code: RejectionCode::TooLarge,
        detail: format!(
            "the answer has {bytes} bytes; at most {bytes_max} are carried: ask for less, such as an \
             outline of the state"
        ),
        field: None,
    });
    serde_json::to_vec(&refusal).unwrap_or_default()
}

fn alone() -> Vec<u8> {
    let again = Reply::Unavailable {
        reason: "the answer is too large for one message: ask alone, and take it in parts"
            .to_owned(),
    };
    serde_json::to_vec(&again).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(bytes: usize) -> Vec<u8> {
        let reason = "x".repeat(bytes);
        serde_json::to_vec(&Reply::Unavailable { reason }).unwrap()
    }

    #[test]
    fn an_answer_fits_in_a_message() {
        const BYTES_MAX: usize = 8000;
        let sizes = [10, parts::ANSWER_BYTES_MAX, 3000, 5000, 10, 9000];
        let mut replies = Replies::new(sizes.len(), BYTES_MAX);
        let mut payload = None;
        for (place, size) in sizes.into_iter().enumerate() {
            payload = replies.add(place, ready(size));
        }
        let payload = payload.unwrap();
        assert!(payload.len() <= BYTES_MAX, "{}", payload.len());
        let read: Vec<Reply> = serde_json::from_slice(&payload).unwrap();
        let kinds = read.iter().map(|reply| match reply {
            Reply::Rejected(rejection) => format!("{:?}", rejection.code),
            Reply::Unavailable { reason } if reason.starts_with('x') => "whole".to_owned(),
            _ => "alone".to_owned(),
        });
        let kinds: Vec<String> = kinds.collect();
        assert_eq!(
            kinds,
            ["whole", "TooLarge", "whole", "alone", "whole", "alone"]
        );
        // Alone, what was too large together is carried, in parts if it must.
        let carried = Replies::new(1, BYTES_MAX).add(0, ready(5000)).unwrap();
        assert!(carried.len() > 5000);
        let carried = Replies::new(1, parts::ANSWER_BYTES_MAX).add(0, ready(9000));
        assert!(carried.unwrap().len() > 9000);
    }
}
