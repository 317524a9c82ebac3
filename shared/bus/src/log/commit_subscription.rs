//! The commits of a world as the log stores them: for those who watch now.
//!
//! The log itself republishes each commit once it is stored, so no process has to live between the two.
//! A republished commit may still get lost: a subscriber that must not miss one compares
//! [`StoredCommit::previous`] with the last one that it has seen, and reads a gap from the log.

use async_nats::{Client, Message, Subscriber, header};
use contract::{Seq, WorldId, subject};
use futures::StreamExt;
use tracing::warn;

use super::entry::{Entry, number};
use crate::Error;
use crate::error_chain::error_chain;

/// A commit that was just stored.
#[derive(Debug)]
pub struct StoredCommit {
    /// The commit.
    pub entry: Entry,
    /// The sequence of the commit before it in the same log; 0 when it is the first.
    pub previous: Seq,
}

/// The commits of one world, as they are stored.
pub struct CommitSubscription {
    world: WorldId,
    subscriber: Subscriber,
}

impl CommitSubscription {
    pub(super) async fn open(client: &Client, world: &WorldId) -> Result<Self, Error> {
        let subscriber = client.subscribe(subject::commits(world)).await;
        Ok(Self {
            world: world.clone(),
            subscriber: subscriber.map_err(|e| Error::broker("subscribe to commits", e))?,
        })
    }

    /// The next commit; `None` when the connection is closed for good.
    pub async fn next(&mut self) -> Option<StoredCommit> {
        loop {
            let message = self.subscriber.next().await?;
            let stored = decode_commit(&self.world, message);
            if stored.is_some() {
                return stored;
            }
        }
    }
}

/// A commit of a world; a malformed one is logged and left out.
pub(super) fn decode_commit(world: &WorldId, message: Message) -> Option<StoredCommit> {
    let decode = || {
        let previous = number(message.headers.as_ref(), header::NATS_LAST_SEQUENCE);
        let previous = previous.ok_or_else(|| {
            Error::broker("read a commit", "it came without the sequence before it")
        })?;
        let entry = Entry::new(world, message)?;
        Ok::<_, Error>(StoredCommit { entry, previous })
    };
    decode()
        .inspect_err(|error| {
            warn!(world.id = %world, error = %error_chain(error), "malformed commit");
        })
        .ok()
}
