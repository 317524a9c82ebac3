//! Snapshots of the past of worlds, so that a read of any moment folds a bounded part of the log.

mod index;

use std::sync::Arc;

use async_nats::jetstream::kv;
use bytes::{Bytes, BytesMut};
use contract::{Seq, WorldId};

use self::index::{Index, KeptSnapshot};
use crate::{Error, json};

/// A message of NATS holds at most 1 MiB by default; the rest is for headers.
const PART_BYTES_MAX: usize = 768 * 1024;

/// Saves and loads snapshots of the past. Cheap to clone.
///
/// They are for speed only: what is missing is folded from the log.
#[derive(Clone)]
pub struct PastSnapshots {
    bucket: Arc<kv::Store>,
}

impl PastSnapshots {
    pub(crate) fn new(bucket: kv::Store) -> Self {
        Self {
            bucket: Arc::new(bucket),
        }
    }

    /// Saves a state that includes the commit `seq`, if it is to be kept, and removes those that are not any more.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored.
    pub async fn save(&self, world: &WorldId, seq: Seq, state: &[u8]) -> Result<(), Error> {
        let mut index = self.load_index(world).await?;
        let mut removed = Vec::new();
        if index.keeps_next() {
            let parts = state.len().div_ceil(PART_BYTES_MAX);
            for part in 0..parts {
                let end = state.len().min((part + 1) * PART_BYTES_MAX);
                let bytes = &state[part * PART_BYTES_MAX..end];
                let bytes = Bytes::copy_from_slice(bytes);
                self.put(part_key(world, seq, part), bytes).await?;
            }
            removed = index.add(KeptSnapshot { seq, parts });
        }
        let encoded = json::encode(world.as_str(), &index)?;
        self.put(world.to_string(), encoded).await?;
        for snapshot in removed {
            self.purge(format!("{world}.{}.*", snapshot.seq)).await?;
        }
        Ok(())
    }

    /// The newest snapshot of a world that has no commit after `at`, with the last commit in it.
    ///
    /// # Errors
    /// [`Error::Broker`] while it can't be read.
    pub async fn load_until(
        &self,
        world: &WorldId,
        at: Seq,
    ) -> Result<Option<(Seq, Bytes)>, Error> {
        let index = self.load_index(world).await?;
        let Some(KeptSnapshot { seq, parts }) = index.newest_until(at) else {
            return Ok(None);
        };
        let mut state = BytesMut::new();
        for part in 0..parts {
            // A part is missing when it was just removed.
            let Some(bytes) = self.get(part_key(world, seq, part)).await? else {
                return Ok(None);
            };
            state.extend_from_slice(&bytes);
        }
        Ok(Some((seq, state.freeze())))
    }

    /// Removes the snapshots of a world.
    ///
    /// # Errors
    /// [`Error::Broker`] when some may still be there.
    pub async fn remove_all(&self, world: &WorldId) -> Result<(), Error> {
        self.purge(world.to_string()).await?;
        self.purge(format!("{world}.*.*")).await
    }

    async fn load_index(&self, world: &WorldId) -> Result<Index, Error> {
        let value = self.get(world.to_string()).await?;
        // What can't be read is made anew: nothing but speed depends on it.
        Ok(value
            .and_then(|value| json::decode(world.as_str(), &value).ok())
            .unwrap_or_default())
    }

    async fn get(&self, key: String) -> Result<Option<Bytes>, Error> {
        let value = self.bucket.get(key).await;
        value.map_err(|e| Error::broker("load a snapshot of the past", e))
    }

    async fn put(&self, key: String, value: Bytes) -> Result<(), Error> {
        let put = self.bucket.put(key, value).await;
        put.map(drop)
            .map_err(|e| Error::broker("save a snapshot of the past", e))
    }

    /// Removes keys without a trace: a deleted key leaves a marker.
    async fn purge(&self, keys: String) -> Result<(), Error> {
        let filter = format!("{}{keys}", self.bucket.prefix);
        let purged = self.bucket.stream.purge().filter(filter).await;
        purged
            .map(drop)
            .map_err(|e| Error::broker("remove snapshots of the past", e))
    }
}

fn part_key(world: &WorldId, seq: Seq, part: usize) -> String {
    format!("{world}.{seq}.{part}")
}
