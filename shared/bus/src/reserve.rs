//! Storage that is kept for the deletion of worlds, so that space can be made where there is none left.

use std::sync::Arc;

use async_nats::jetstream::stream;
use bytes::Bytes;
use contract::subject;

use crate::Error;
use crate::connection::Connection;

/// The messages of the reserve: one is removed for each deletion that finds no space.
const PIECES: u64 = 64;
/// The bytes of each: a commit that deletes a world, and what it causes, need less.
const PIECE: &[u8] = &[0; 16 * 1024];

/// A stream of messages that hold nothing. Cheap to clone.
#[derive(Clone)]
pub struct Reserve {
    connection: Arc<Connection>,
    replicas: usize,
}

impl Reserve {
    pub(crate) fn new(connection: &Arc<Connection>, replicas: usize) -> Self {
        Self {
            connection: Arc::clone(connection),
            replicas,
        }
    }

    /// Stores what is missing of the reserve.
    ///
    /// # Errors
    /// [`Error::Broker`] when there is no space for it, or NATS does not reply.
    pub async fn fill(&self) -> Result<(), Error> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::broker("fill the reserve of storage", error)
        };
        let mut stream = self.stream().await?;
        let stored = stream.info().await.map_err(|e| failed(e.into()))?;
        for _ in stored.state.messages..PIECES {
            let jetstream = &self.connection.jetstream;
            let sent = jetstream.publish(subject::RESERVE, Bytes::from_static(PIECE));
            let sent = sent.await.map_err(|e| failed(e.into()))?;
            sent.await.map_err(|e| failed(e.into()))?;
        }
        Ok(())
    }

    /// Removes one piece of it: there is space for a commit then, until another takes it.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS does not reply.
    pub async fn release(&self) -> Result<(), Error> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::broker("release a piece of the reserve of storage", error)
        };
        let mut stream = self.stream().await?;
        let stored = stream.info().await.map_err(|e| failed(e.into()))?;
        let behind_first = stored.state.first_sequence + 1;
        let purged = stream.purge().sequence(behind_first).await;
        purged.map_err(|e| failed(e.into()))?;
        Ok(())
    }

    async fn stream(&self) -> Result<stream::Stream, Error> {
        let config = stream::Config {
            name: subject::RESERVE_STREAM.to_owned(),
            subjects: vec![subject::RESERVE.to_owned()],
            num_replicas: self.replicas,
            // Two replicas of the world service may fill it at the same time.
            max_messages: PIECES.cast_signed(),
            ..Default::default()
        };
        let stream = self.connection.jetstream.get_or_create_stream(config).await;
        stream.map_err(|e| Error::broker("open the reserve of storage", e))
    }
}
