//! A commit in the log.

use async_nats::jetstream::message::StreamMessage;
use async_nats::{HeaderMap, HeaderName, Message, header, jetstream};
use bytes::Bytes;
use contract::{Commit, Seq, WorldId, subject};

use crate::{Error, json};

/// A commit and where it stands.
#[derive(Debug)]
pub struct Entry {
    /// Whose log.
    pub world: WorldId,
    /// Its sequence.
    pub seq: Seq,
    payload: Bytes,
}

impl Entry {
    #[cfg(test)]
    pub(super) fn empty(world: WorldId, seq: Seq) -> Self {
        let payload = Bytes::new();
        Self {
            world,
            seq,
            payload,
        }
    }

    /// The commit in a message that names its sequence in a header.
    pub(super) fn new(world: &WorldId, message: Message) -> Result<Self, Error> {
        let seq = number(message.headers.as_ref(), header::NATS_SEQUENCE);
        let seq =
            seq.ok_or_else(|| Error::broker("read the log", "a commit came without its sequence"))?;
        Ok(Self {
            world: world.clone(),
            seq,
            payload: message.payload,
        })
    }

    /// The commit in a message that a consumer of the log delivered.
    pub(super) fn delivered(message: &jetstream::Message) -> Result<Self, Error> {
        let failed = |source| Error::Broker {
            operation: "tail the log",
            source,
        };
        let seq = message.info().map_err(failed)?.stream_sequence;
        let unnamed = || failed(format!("{} names no world", message.subject).into());
        let world = subject::world_of(&message.subject).ok_or_else(unnamed)?;
        Ok(Self {
            world,
            seq,
            payload: message.payload.clone(),
        })
    }

    /// The commit in a message as the stream stores it.
    pub(super) fn stored(message: StreamMessage) -> Result<Self, Error> {
        let world = subject::world_of(&message.subject).ok_or_else(|| {
            let reason = format!("{} names no world", message.subject);
            Error::broker("read a commit", reason)
        })?;
        Ok(Self {
            world,
            seq: message.sequence,
            payload: message.payload,
        })
    }

    /// The commit.
    ///
    /// # Errors
    /// [`Error::Decode`] when it is not one.
    pub fn commit(&self) -> Result<Commit, Error> {
        json::decode(&subject::log(&self.world), &self.payload)
    }

    /// The commit as it is in the log: for a dead letter.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// How many bytes the commit has in the log.
    pub fn size_bytes(&self) -> usize {
        self.payload.len()
    }
}

/// A sequence in a header of a message.
pub(super) fn number(headers: Option<&HeaderMap>, name: HeaderName) -> Option<Seq> {
    headers?.get(name)?.as_str().parse().ok()
}
