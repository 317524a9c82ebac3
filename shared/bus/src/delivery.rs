//! A message of a durable consumer, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use async_nats::jetstream::{self, AckKind};
use contract::{Timestamp, WorldId, subject};
use serde::de::DeserializeOwned;

use crate::connection::Connection;
use crate::{DeadLetter, DeadLetters, Error, json, trace};

/// The header of a commit without work for others: a dispatcher need not read it.
pub(crate) const NO_WORK_HEADER: &str = "mw-no-work";

/// A message that must end in exactly one of [`ack`](Self::ack),
/// [`retry_after`](Self::retry_after) and [`reject`](Self::reject).
pub struct Delivery {
    connection: Arc<Connection>,
    message: jetstream::Message,
    /// Its place in its stream.
    pub seq: u64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many messages were pending behind it when the server sent it.
    pub pending: u64,
    /// When it was stored.
    pub published: Timestamp,
}

impl Delivery {
    /// A message that a consumer delivered.
    pub(crate) fn new(connection: &Arc<Connection>, message: Message) -> Result<Self, Error> {
        let message = jetstream::Message {
            message,
            context: connection.jetstream.clone(),
        };
        let info = message.info().map_err(|source| Error::Broker {
            operation: "pull",
            source,
        })?;
        let (seq, attempt, pending) = (info.stream_sequence, info.delivered, info.pending);
        let published = info.published.unix_timestamp_nanos() / 1_000_000;
        let published = Timestamp::from_unix_ms(i64::try_from(published).unwrap_or(i64::MAX));
        Ok(Self {
            connection: Arc::clone(connection),
            seq,
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            pending,
            published,
            message,
        })
    }

    /// The world that its subject names.
    ///
    /// # Errors
    /// [`Error::Broker`] when it names none.
    pub fn world(&self) -> Result<WorldId, Error> {
        let subject = &self.message.subject;
        subject::world_of(subject)
            .ok_or_else(|| Error::broker("read a delivery", format!("{subject} names no world")))
    }

    /// Whether it is a commit that has no work in it, by its header.
    pub fn is_noop(&self) -> bool {
        let headers = self.message.headers.as_ref();
        headers.is_some_and(|headers| headers.get(NO_WORK_HEADER).is_some())
    }

    /// Its content.
    ///
    /// # Errors
    /// [`Error::Decode`] when it is malformed.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::decode(&self.message.subject, &self.message.payload)
    }

    /// The trace that it belongs to.
    pub fn traceparent(&self) -> Option<String> {
        trace::of(self.message.headers.as_ref())
    }

    /// It is done.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not acknowledged: it will be redelivered.
    pub async fn ack(self) -> Result<(), Error> {
        self.acknowledge(AckKind::Ack).await
    }

    /// It is being worked on: do not redeliver it yet.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS was not informed.
    pub async fn in_progress(&self) -> Result<(), Error> {
        self.acknowledge(AckKind::Progress).await
    }

    /// It could not be done now: redeliver it to anyone after `delay`.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS was not informed: it will be redelivered.
    pub async fn retry_after(self, delay: Duration) -> Result<(), Error> {
        self.acknowledge(AckKind::Nak(Some(delay))).await
    }

    /// It can't be done: stores it as a dead letter with its reason, then ends it. `kind` is one token
    /// for the kind of message.
    ///
    /// # Errors
    /// [`Error::Broker`] when it could not be stored: it will be redelivered.
    pub async fn reject(self, kind: &str, reason: &str) -> Result<(), Error> {
        let Message {
            subject, payload, ..
        } = &self.message.message;
        let letter = DeadLetter::new(subject, self.seq, reason, payload);
        let world = self.world().ok();
        let dead_letters = DeadLetters::new(&self.connection);
        dead_letters.store(kind, world.as_ref(), &letter).await?;
        self.acknowledge(AckKind::Term).await
    }

    async fn acknowledge(&self, kind: AckKind) -> Result<(), Error> {
        let acknowledged = self.message.ack_with(kind).await;
        acknowledged.map_err(|source| Error::Broker {
            operation: "acknowledge",
            source,
        })
    }
}
