//! What happens in a world now: commits as they are stored, and signals, in one order.

use async_nats::{Client, Subscriber};
use contract::{WorldId, subject};
use futures::StreamExt;

use super::commit_subscription::{StoredCommit, decode_commit};
use crate::Error;
use crate::signals::{Signal, decode_signal};

/// What happens in a world.
#[derive(Debug)]
pub enum Live {
    /// A commit was stored.
    Commit(StoredCommit),
    /// A signal was published.
    Signal(Signal),
}

/// The commits of one world as they are stored, and its signals, in the order in which the broker got them: what a
/// worker publishes behind an event that is stored comes behind that event, and what it stores behind a signal comes
/// behind that signal. With one subscription for each, this order would be lost.
pub struct LiveSubscription {
    world: WorldId,
    commits: String,
    subscriber: Subscriber,
}

impl LiveSubscription {
    pub(super) async fn open(client: &Client, world: &WorldId) -> Result<Self, Error> {
        let subscriber = client.subscribe(subject::live_of(world)).await;
        Ok(Self {
            world: world.clone(),
            commits: subject::commits(world),
            subscriber: subscriber.map_err(|e| Error::broker("subscribe to a world", e))?,
        })
    }

    /// What happens next; `None` when the connection is closed for good.
    pub async fn next(&mut self) -> Option<Live> {
        loop {
            let message = self.subscriber.next().await?;
            let live = if message.subject.as_str() == self.commits {
                decode_commit(&self.world, message).map(Live::Commit)
            } else {
                decode_signal(&message.payload).map(Live::Signal)
            };
            if live.is_some() {
                return live;
            }
        }
    }
}
