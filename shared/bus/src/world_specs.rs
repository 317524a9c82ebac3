//! Descriptions of worlds that are too large for one message, each under the id of the command that applies it.

use std::sync::Arc;

use async_nats::jetstream::kv;
use bytes::Bytes;
use contract::world::SPEC_BYTES_MAX;
use contract::{CommandId, WorldId, WorldSpec};

use crate::parts::{Operations, Parts};
use crate::{Error, json};

const OPERATIONS: Operations = Operations {
    store: "store a description of a world",
    load: "load a description of a world",
};

/// Stores and loads descriptions. Cheap to clone.
#[derive(Clone)]
pub struct WorldSpecs {
    bucket: Arc<kv::Store>,
    parts: Parts,
}

impl WorldSpecs {
    pub(crate) fn new(bucket: kv::Store) -> Self {
        let bucket = Arc::new(bucket);
        Self {
            parts: Parts::new(&bucket, OPERATIONS),
            bucket,
        }
    }

    /// Stores a description, written as JSON, for a command.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it has more than [`SPEC_BYTES_MAX`] bytes; [`Error::Broker`] when it may not be
    /// stored: repeat it.
    pub async fn store(
        &self,
        world: &WorldId,
        command: CommandId,
        json: &Bytes,
    ) -> Result<(), Error> {
        let (bytes, max) = (json.len(), SPEC_BYTES_MAX);
        if bytes > max {
            return Err(Error::TooLarge { bytes, max });
        }
        self.parts.store(&key(world, command), json).await
    }

    /// Loads the description for a command; `None` when it is not stored, or not any more.
    ///
    /// # Errors
    /// [`Error::Broker`] while it can't be read; [`Error::Decode`] when it is no description.
    pub async fn load(
        &self,
        world: &WorldId,
        command: CommandId,
    ) -> Result<Option<WorldSpec>, Error> {
        let key = key(world, command);
        let stored = self.parts.load(&key).await?;
        stored.map(|json| json::decode(&key, &json)).transpose()
    }

    /// Removes the description for a command.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may still be there.
    pub async fn remove(&self, world: &WorldId, command: CommandId) -> Result<(), Error> {
        let key = key(world, command);
        self.purge(key.clone()).await?;
        self.purge(format!("{key}.*")).await
    }

    /// Removes all descriptions for a world.
    ///
    /// # Errors
    /// [`Error::Broker`] when some may still be there.
    pub async fn remove_all(&self, world: &WorldId) -> Result<(), Error> {
        self.purge(format!("{world}.>")).await
    }

    async fn purge(&self, keys: String) -> Result<(), Error> {
        // The stream is purged, since a deleted key leaves a marker.
        let keys = format!("{}{keys}", self.bucket.prefix);
        let purged = self.bucket.stream.purge().filter(keys).await;
        purged
            .map(drop)
            .map_err(|e| Error::broker("remove a description of a world", e))
    }
}

fn key(world: &WorldId, command: CommandId) -> String {
    format!("{world}.{command}")
}
