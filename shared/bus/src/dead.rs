//! Dead letters: what could not be handled, kept with its reason.

use contract::{Seq, WorldId, subject};
use serde::{Deserialize, Serialize};

use crate::{Bus, Error};

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

impl Bus {
    /// Keeps a dead letter of a world, or of none. `what` is one token that says what kind of thing
    /// died. A second one of the same message within two minutes is dropped.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn bury(
        &self,
        what: &str,
        world: Option<&WorldId>,
        letter: &DeadLetter,
    ) -> Result<(), Error> {
        let id = format!("{what} {}@{}", letter.subject, letter.seq);
        self.store(subject::dead(what, world), &id, letter, None)
            .await
    }

    /// How many dead letters are kept.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be counted.
    pub async fn dead_letters(&self) -> Result<u64, Error> {
        let stream = self
            .jetstream
            .get_stream(subject::DEAD_STREAM)
            .await
            .map_err(|e| Error::broker("count dead letters", e))?;
        Ok(stream.cached_info().state.messages)
    }
}
