//! Dead letters: what could not be handled, kept with its reason.

use std::sync::Arc;

use async_nats::jetstream::message::PublishMessage;
use contract::{Seq, WorldId, subject};
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

/// Stores dead letters. Cheap to clone.
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

    /// How many dead letters are kept.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be counted.
    pub async fn count(&self) -> Result<u64, Error> {
        let jetstream = &self.connection.jetstream;
        let stream = jetstream.get_stream(subject::DEAD_STREAM).await;
        let stream = stream.map_err(|e| Error::broker("count dead letters", e))?;
        Ok(stream.cached_info().state.messages)
    }
}
