//! The commits of a world as the log stores them: for those who watch now.
//!
//! The log itself passes each commit on once it is stored, so nobody has to be alive between the
//! two. What it passes on may still get lost: whoever must not miss a commit compares
//! [`Stored::previous`] with the last one that it has seen, and reads a gap from the log.

use async_nats::{HeaderMap, HeaderName, Message, Subscriber, header};
use contract::{Seq, WorldId, subject};
use futures::StreamExt;
use tracing::warn;

use crate::log::Entry;
use crate::{Bus, Error, bus::chain};

/// A commit that was just stored.
#[derive(Debug)]
pub struct Stored {
    /// The commit.
    pub entry: Entry,
    /// The commit before it in the same log; 0 when it is the first.
    pub previous: Seq,
}

/// The commits of one world, as they are stored.
pub struct Commits {
    world: WorldId,
    subscriber: Subscriber,
}

impl Bus {
    /// The commits of a world from now on.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn commits(&self, world: &WorldId) -> Result<Commits, Error> {
        let subscriber = self
            .client
            .subscribe(subject::commits(world))
            .await
            .map_err(|e| Error::broker("listen to commits", e))?;
        Ok(Commits {
            world: world.clone(),
            subscriber,
        })
    }
}

impl Commits {
    /// The next commit; `None` when the connection is closed for good.
    pub async fn next(&mut self) -> Option<Stored> {
        loop {
            let message = self.subscriber.next().await?;
            match stored(&self.world, message) {
                Ok(stored) => return Some(stored),
                Err(error) => {
                    warn!(world.id = %self.world, error = %chain(&error), "not a commit");
                }
            }
        }
    }
}

fn stored(world: &WorldId, message: Message) -> Result<Stored, Error> {
    let number = |headers: &HeaderMap, name: HeaderName| headers.get(name)?.as_str().parse().ok();
    let headers = message.headers.as_ref();
    let seq = headers.and_then(|headers| number(headers, header::NATS_SEQUENCE));
    let previous = headers.and_then(|headers| number(headers, header::NATS_LAST_SEQUENCE));
    let (Some(seq), Some(previous)) = (seq, previous) else {
        return Err(Error::broker(
            "listen to commits",
            "a commit came without its place",
        ));
    };
    Ok(Stored {
        entry: Entry {
            world: world.clone(),
            seq,
            payload: message.payload,
        },
        previous,
    })
}
