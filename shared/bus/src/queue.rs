//! Durable consumers that many share, and their deliveries.

use std::time::Duration;

use async_nats::Message;
use async_nats::jetstream::consumer::{self, AckPolicy, pull};
use async_nats::jetstream::{AckKind, Message as Delivered};
use contract::{ActionName, Run, WorldId, run, subject};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Bus, DeadLetter, Error, trace};

/// A dispatcher that has not been heard of for this long has died: its commits go to another.
pub(crate) const DISPATCH_ACK_WAIT: Duration = Duration::from_secs(5);
/// Deliveries of one consumer that may be unacknowledged at once, over all replicas.
pub(crate) const UNACKED_MAX: i64 = 20_000;

/// A durable consumer: each message goes to one of those who share it, until it is acknowledged.
pub struct Consumer {
    pub(crate) bus: Bus,
    pub(crate) consumer: consumer::Consumer<pull::Config>,
}

impl Consumer {
    pub(crate) async fn open(bus: &Bus, stream: &str, config: pull::Config) -> Result<Self, Error> {
        let name = config.durable_name.clone().unwrap_or_default();
        let set_up = |source: Box<dyn std::error::Error + Send + Sync>| Error::SetUp {
            name: name.clone(),
            source,
        };
        let consumer = bus
            .jetstream
            .create_consumer_on_stream(config, stream)
            .await
            .map_err(|e| set_up(e.into()))?;
        Ok(Self {
            bus: bus.clone(),
            consumer,
        })
    }
}

pub(crate) fn delivery(
    bus: &Bus,
    message: Result<Delivered, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<Delivery, Error> {
    let broken = |source| Error::Broker {
        operation: "pull",
        source,
    };
    let message = message.map_err(broken)?;
    let info = message.info().map_err(broken)?;
    let (seq, attempt, waiting) = (info.stream_sequence, info.delivered, info.pending);
    Ok(Delivery {
        bus: bus.clone(),
        seq,
        attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        waiting,
        message,
    })
}

/// A message that must end in exactly one of [`ack`](Self::ack),
/// [`retry_after`](Self::retry_after) and [`reject`](Self::reject).
pub struct Delivery {
    bus: Bus,
    message: Delivered,
    /// Its place in its stream.
    pub seq: u64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many messages waited behind it, as the server saw it then.
    pub waiting: u64,
}

impl Delivery {
    /// The world that its subject names.
    ///
    /// # Errors
    /// [`Error::Broker`] when it names none.
    pub fn world(&self) -> Result<WorldId, Error> {
        subject::world_of(&self.message.subject).ok_or_else(|| {
            Error::broker(
                "read a delivery",
                format!("{} names no world", self.message.subject),
            )
        })
    }

    /// Whether it is a commit of which its writer said that it asks for nothing.
    pub fn asks_for_nothing(&self) -> bool {
        let headers = self.message.headers.as_ref();
        headers.is_some_and(|headers| headers.get(crate::log::NO_WORK).is_some())
    }

    /// What it says.
    ///
    /// # Errors
    /// [`Error::Decode`] when it is not that.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.message.payload).map_err(|source| Error::Decode {
            subject: self.message.subject.to_string(),
            source,
        })
    }

    /// The trace that it belongs to.
    pub fn traceparent(&self) -> Option<String> {
        trace::of(self.message.headers.as_ref())
    }

    /// It is done.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS could not be told: it will come again.
    pub async fn ack(self) -> Result<(), Error> {
        self.end(AckKind::Ack).await
    }

    /// It will be done: do not give it to another yet.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS could not be told.
    pub async fn in_progress(&self) -> Result<(), Error> {
        self.message
            .ack_with(AckKind::Progress)
            .await
            .map_err(|source| Error::Broker {
                operation: "acknowledge",
                source,
            })
    }

    /// It could not be done now: give it to anyone after `delay`.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS could not be told: it will come again.
    pub async fn retry_after(self, delay: Duration) -> Result<(), Error> {
        self.end(AckKind::Nak(Some(delay))).await
    }

    /// It can't be done: keeps it as a dead letter with its reason, then ends it. `what` is one token
    /// that says what kind of thing died.
    ///
    /// # Errors
    /// [`Error::Broker`] when it could not be kept: it will come again.
    pub async fn reject(self, what: &str, reason: &str) -> Result<(), Error> {
        let Message {
            subject, payload, ..
        } = &self.message.message;
        let letter = DeadLetter::new(subject, self.seq, reason, payload);
        let world = self.world().ok();
        self.bus.bury(what, world.as_ref(), &letter).await?;
        self.end(AckKind::Term).await
    }

    async fn end(self, kind: AckKind) -> Result<(), Error> {
        self.message
            .ack_with(kind)
            .await
            .map_err(|source| Error::Broker {
                operation: "acknowledge",
                source,
            })
    }
}

impl Bus {
    /// The consumer that all workers of an action share.
    ///
    /// # Errors
    /// [`Error::SetUp`] when it can't be made.
    pub async fn invocations(&self, action: &ActionName) -> Result<Consumer, Error> {
        let config = pull::Config {
            durable_name: Some(subject::action_consumer(action)),
            filter_subject: subject::invocations_of(action),
            ack_policy: AckPolicy::Explicit,
            ack_wait: run::ACK_WAIT,
            max_ack_pending: UNACKED_MAX,
            ..Default::default()
        };
        Consumer::open(self, subject::ACTIONS_STREAM, config).await
    }

    /// How many invocations of all actions wait for a worker, or are with one.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be counted.
    pub async fn open_invocations(&self) -> Result<u64, Error> {
        let stream = self
            .jetstream
            .get_stream(subject::ACTIONS_STREAM)
            .await
            .map_err(|e| Error::broker("count invocations", e))?;
        Ok(stream.cached_info().state.messages)
    }

    /// Puts an invocation in the work queue, and returns once it is stored. A second one of the
    /// same id within two minutes is dropped.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn dispatch(&self, invocation: &Run, traceparent: Option<&str>) -> Result<(), Error> {
        let subject =
            subject::invocation(&invocation.action, &invocation.world, &invocation.entity);
        self.store(subject, &invocation.id.to_string(), invocation, traceparent)
            .await
    }

    /// Publishes to a stream and returns once it is stored; `message_id` makes a repeat harmless.
    pub(crate) async fn store<T: Serialize>(
        &self,
        subject: String,
        message_id: &str,
        body: &T,
        traceparent: Option<&str>,
    ) -> Result<(), Error> {
        let payload = serde_json::to_vec(body).map_err(|source| Error::Encode {
            subject: subject.clone(),
            source,
        })?;
        let mut message = async_nats::jetstream::message::PublishMessage::build()
            .payload(payload.into())
            .message_id(message_id);
        if let Some(traceparent) = traceparent {
            message = message.header(trace::TRACEPARENT, traceparent);
        }
        let stored = self
            .jetstream
            .send_publish(subject, message)
            .await
            .map_err(|e| Error::broker("publish", e))?;
        stored
            .await
            .map(drop)
            .map_err(|e| Error::broker("publish", e))
    }
}
