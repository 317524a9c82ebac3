//! Dead letters: what could not be handled, kept with its reason.

use std::sync::Arc;

use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{DirectGetErrorKind, Stream};
use contract::{Seq, Timestamp, WorldId, subject};
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::{Error, json};

/// What could not be handled, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Where it was.
    pub subject: String,
    /// Its place in the stream of that subject.
    pub seq: Seq,
    /// Why it is here.
    pub reason: String,
    /// The message, as text; bytes that are no text are replaced.
    pub payload: String,
}

impl DeadLetter {
    /// A message that was on `subject`, at `seq` of its stream.
    pub fn new(subject: &str, seq: Seq, reason: &str, payload: &[u8]) -> Self {
        Self {
            subject: subject.to_owned(),
            seq,
            reason: reason.to_owned(),
            payload: String::from_utf8_lossy(payload).into_owned(),
        }
    }
}

/// A dead letter as it is kept.
#[derive(Debug, Clone)]
pub struct StoredDeadLetter {
    /// Its place among the dead letters.
    pub seq: Seq,
    /// What kind of message it is of: one token.
    pub kind: String,
    /// Of which world; absent when it is of none.
    pub world: Option<WorldId>,
    /// When it was stored.
    pub at: Timestamp,
    /// What could not be handled.
    pub letter: DeadLetter,
}

impl StoredDeadLetter {
    fn decode(message: &StreamMessage) -> Result<Self, Error> {
        let subject = message.subject.as_str();
        // `mw.dead.{kind}.{world}`
        let kind = subject.split('.').nth(2).unwrap_or_default();
        let at = message.time.unix_timestamp_nanos() / 1_000_000;
        Ok(Self {
            seq: message.sequence,
            kind: kind.to_owned(),
            world: subject::world_of(subject),
            at: Timestamp::from_unix_ms(i64::try_from(at).unwrap_or(i64::MAX)),
            letter: json::decode(subject, &message.payload)?,
        })
    }
}

/// Stores dead letters, and reads them. Cheap to clone.
#[derive(Clone)]
pub struct DeadLetters {
    connection: Arc<Connection>,
}

impl DeadLetters {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// Stores a dead letter of a world, or of none. `kind` is one token for the kind of message.
    /// A second one of the same message within two minutes is dropped.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn store(
        &self,
        kind: &str,
        world: Option<&WorldId>,
        letter: &DeadLetter,
    ) -> Result<(), Error> {
        let subject = subject::dead(kind, world);
        let id = format!("{kind} {}@{}", letter.subject, letter.seq);
        let message = PublishMessage::build()
            .payload(json::encode(&subject, letter)?)
            .message_id(id);
        let connection = &self.connection;
        connection
            .publish_stored("store a dead letter", subject, message)
            .await
    }

    /// The next dead letters behind `after`, oldest first, of one world or of all.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be read; [`Error::Decode`] when one is malformed.
    pub async fn read(
        &self,
        world: Option<&WorldId>,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Error> {
        let letters = match world {
            Some(world) => subject::dead("*", Some(world)),
            None => subject::DEAD_ALL.to_owned(),
        };
        let stream = self.stream().await?;
        let (mut read, mut last) = (Vec::new(), after);
        while read.len() < limit {
            let next = stream.direct_get_next_for_subject(&*letters, Some(last + 1));
            match next.await {
                Ok(message) => {
                    last = message.sequence;
                    read.push(StoredDeadLetter::decode(&message)?);
                }
                Err(error) if error.kind() == DirectGetErrorKind::NotFound => break,
                Err(error) => return Err(Error::broker("read dead letters", error)),
            }
        }
        Ok(read)
    }

    /// The dead letter at a place; `None` when there is none.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn get(&self, seq: Seq) -> Result<Option<StoredDeadLetter>, Error> {
        // NATS refuses the place before the first.
        if seq == 0 {
            return Ok(None);
        }
        match self.stream().await?.direct_get(seq).await {
            Ok(message) => StoredDeadLetter::decode(&message).map(Some),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::broker("read a dead letter", error)),
        }
    }

    /// How many dead letters are kept.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be counted.
    pub async fn count(&self) -> Result<u64, Error> {
        Ok(self.stream().await?.cached_info().state.messages)
    }

    async fn stream(&self) -> Result<Stream, Error> {
        let jetstream = &self.connection.jetstream;
        let stream = jetstream.get_stream(subject::DEAD_STREAM).await;
        stream.map_err(|e| Error::broker("open the dead letters", e))
    }
}
