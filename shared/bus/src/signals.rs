//! Signals: what is published for those who listen now, and is no fact. It may get lost.

use std::sync::Arc;

use async_nats::Subscriber;
use contract::{Chunk, RunId, WorldId, subject};
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::connection::Connection;

/// A signal of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// A piece of an answer that is not complete yet.
    Chunk(Chunk),
}

/// The signals of one world, as they are published.
pub struct SignalSubscription {
    subscriber: Subscriber,
}

/// That a run was cancelled.
#[derive(Serialize, Deserialize)]
struct Cancellation {
    #[serde(rename = "invocation")]
    run: RunId,
}

/// Publishes signals and subscribes to them. Cheap to clone.
#[derive(Clone)]
pub struct Signals {
    connection: Arc<Connection>,
}

impl Signals {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// Publishes a piece of an answer.
    pub async fn publish_chunk(&self, world: &WorldId, chunk: &Chunk) {
        self.publish(subject::chunks(world), chunk).await;
    }

    /// The signals of a world from now on.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn subscribe(&self, world: &WorldId) -> Result<SignalSubscription, Error> {
        let client = &self.connection.client;
        let subscriber = client.subscribe(subject::chunks(world)).await;
        let subscriber = subscriber.map_err(|e| Error::broker("subscribe to signals", e))?;
        Ok(SignalSubscription { subscriber })
    }

    /// Publishes that a run was cancelled. A worker that misses it works in vain: the result is rejected.
    pub async fn publish_cancellation(&self, world: &WorldId, run: RunId) {
        let cancellation = Cancellation { run };
        self.publish(subject::cancel(world), &cancellation).await;
    }

    /// The runs that are cancelled from now on, of all worlds.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not subscribed.
    pub async fn subscribe_cancellations(
        &self,
    ) -> Result<impl Stream<Item = RunId> + Send + use<>, Error> {
        let client = &self.connection.client;
        let subscriber = client.subscribe(subject::CANCEL_ALL).await;
        let subscriber = subscriber.map_err(|e| Error::broker("subscribe to cancellations", e))?;
        Ok(subscriber.filter_map(async |message| {
            let cancellation: Cancellation = serde_json::from_slice(&message.payload).ok()?;
            Some(cancellation.run)
        }))
    }

    async fn publish(&self, subject: String, signal: &impl Serialize) {
        if let Ok(payload) = serde_json::to_vec(signal) {
            let client = &self.connection.client;
            let _ = client.publish(subject, payload.into()).await;
        }
    }
}

impl SignalSubscription {
    /// The next signal; `None` when the connection is closed for good.
    pub async fn next(&mut self) -> Option<Signal> {
        loop {
            let message = self.subscriber.next().await?;
            let signal = decode_signal(&message.payload);
            if signal.is_some() {
                return signal;
            }
        }
    }
}

/// A signal; `None` of what is none that this build knows.
pub(crate) fn decode_signal(payload: &[u8]) -> Option<Signal> {
    serde_json::from_slice(payload).ok().map(Signal::Chunk)
}
