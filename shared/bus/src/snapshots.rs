//! Snapshots: the newest state of each world, so that activating it reads only the end of its log.

use std::sync::Arc;

use async_nats::jetstream::kv;
use bytes::{Bytes, BytesMut};
use contract::{Seq, WorldId};
use serde::{Deserialize, Serialize};

use crate::{Error, json};

/// A message of NATS holds at most 1 MiB by default; the rest is for headers.
const PART_BYTES_MAX: usize = 768 * 1024;

/// What is stored under a world's own key.
#[derive(Serialize, Deserialize)]
struct Head {
    seq: Seq,
    /// Parts under keys of their own, written before this; 0 when the state is here.
    parts: usize,
}

/// Saves and loads snapshots. Cheap to clone.
#[derive(Clone)]
pub struct Snapshots {
    bucket: Arc<kv::Store>,
}

impl Snapshots {
    pub(crate) fn new(bucket: kv::Store) -> Self {
        Self {
            bucket: Arc::new(bucket),
        }
    }

    /// Saves a state that includes the commit `seq`, in place of the one before.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: the one before still is then.
    pub async fn save(&self, world: &WorldId, seq: Seq, state: Bytes) -> Result<(), Error> {
        let is_inline = state.len() <= PART_BYTES_MAX;
        let parts = if is_inline {
            0
        } else {
            state.len().div_ceil(PART_BYTES_MAX)
        };
        let until = match self.save_parts(world, seq, &state, parts).await? {
            Some(first) => Some(first),
            // A reader of one message has room for what it holds.
            None => self
                .load_head(world)
                .await?
                .filter(|(head, _)| head.parts > 0)
                .map(|_| u64::MAX),
        };
        let head = json::encode(world.as_str(), &Head { seq, parts })?;
        let mut value = BytesMut::from(head);
        value.extend_from_slice(b"\n");
        if is_inline {
            value.extend_from_slice(&state);
        }
        self.put(world.as_str(), value.freeze()).await?;
        match until {
            Some(until) => self.remove_parts(world, until).await,
            None => Ok(()),
        }
    }

    /// The newest snapshot of a world, with the last commit in it.
    ///
    /// # Errors
    /// [`Error::Broker`] while it can't be read.
    pub async fn load(&self, world: &WorldId) -> Result<Option<(Seq, Bytes)>, Error> {
        let Some((head, inline)) = self.load_head(world).await? else {
            return Ok(None);
        };
        if head.parts == 0 {
            return Ok(Some((head.seq, inline)));
        }
        let mut state = BytesMut::new();
        for part in 0..head.parts {
            // A part is missing when a newer snapshot was just put in this one's place. Without one,
            // the world is replayed from its log.
            let key = part_key(world, head.seq, part);
            let Some(bytes) = self.get(key).await? else {
                return Ok(None);
            };
            state.extend_from_slice(&bytes);
        }
        Ok(Some((head.seq, state.freeze())))
    }

    /// Removes the snapshot of a world.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may still be there.
    pub async fn remove(&self, world: &WorldId) -> Result<(), Error> {
        if self.load_head(world).await?.is_some() {
            let purged = self.bucket.purge(world.as_str()).await;
            purged.map_err(|e| Error::broker("remove a snapshot", e))?;
        }
        self.remove_parts(world, u64::MAX).await
    }

    /// Saves the parts of a state under its own sequence, so that a reader never sees a mixture.
    /// Returns the place of the first one in the bucket.
    async fn save_parts(
        &self,
        world: &WorldId,
        seq: Seq,
        state: &Bytes,
        parts: usize,
    ) -> Result<Option<u64>, Error> {
        let mut first = None;
        for part in 0..parts {
            let end = state.len().min((part + 1) * PART_BYTES_MAX);
            let bytes = state.slice(part * PART_BYTES_MAX..end);
            let place = self.put(&part_key(world, seq, part), bytes).await?;
            first.get_or_insert(place);
        }
        Ok(first)
    }

    async fn load_head(&self, world: &WorldId) -> Result<Option<(Head, Bytes)>, Error> {
        let Some(value) = self.get(world.as_str()).await? else {
            return Ok(None);
        };
        let end = value
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(value.len());
        let head = json::decode(world.as_str(), &value[..end])?;
        Ok(Some((head, value.slice(value.len().min(end + 1)..))))
    }

    /// Removes parts of snapshots that were written before the message `until` of the bucket: those of
    /// the snapshot before, and of any that was never finished. The stream is purged, since a deleted
    /// key leaves a marker.
    async fn remove_parts(&self, world: &WorldId, until: u64) -> Result<(), Error> {
        let parts = format!("{}{world}.*.*", self.bucket.prefix);
        let purge = self.bucket.stream.purge().sequence(until).filter(parts);
        purge
            .await
            .map(drop)
            .map_err(|e| Error::broker("remove a snapshot", e))
    }

    async fn get(&self, key: impl Into<String>) -> Result<Option<Bytes>, Error> {
        let value = self.bucket.get(key).await;
        value.map_err(|e| Error::broker("load a snapshot", e))
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<u64, Error> {
        let place = self.bucket.put(key, value).await;
        place.map_err(|e| Error::broker("save a snapshot", e))
    }
}

fn part_key(world: &WorldId, seq: Seq, part: usize) -> String {
    format!("{world}.{seq}.{part}")
}
