//! Weights: what the processors of a world have learned, each version by the hash of its bytes.

use std::sync::Arc;

use async_nats::jetstream::kv;
use bytes::{Bytes, BytesMut};
use contract::WorldId;
use contract::processor::{WEIGHTS_BYTES_MAX, is_weights_version};
use sha2::{Digest, Sha256};

use crate::{Error, json};

/// A message of NATS holds at most 1 MiB by default; the rest is for headers.
const PART_BYTES_MAX: usize = 768 * 1024;

/// Stores and loads versions of weights. Cheap to clone.
#[derive(Clone)]
pub struct Weights {
    bucket: Arc<kv::Store>,
}

impl Weights {
    pub(crate) fn new(bucket: kv::Store) -> Self {
        Self {
            bucket: Arc::new(bucket),
        }
    }

    /// Stores weights of a world, and returns their version once all of them are stored: the SHA-256 of
    /// the bytes, in hexadecimal. The same bytes again change nothing.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when there are more than [`WEIGHTS_BYTES_MAX`] bytes; [`Error::Broker`] when
    /// they may not be stored: repeat it.
    pub async fn store(&self, world: &WorldId, bytes: &Bytes) -> Result<String, Error> {
        let version = Self::version_of(bytes)?;
        let key = key(world, &version);
        if self.get(&key).await?.is_some() {
            return Ok(version);
        }
        let parts = bytes.len().div_ceil(PART_BYTES_MAX);
        for part in 0..parts {
            let start = part * PART_BYTES_MAX;
            let end = bytes.len().min(start + PART_BYTES_MAX);
            self.put(&part_key(&key, part), bytes.slice(start..end))
                .await?;
        }
        // The number of parts comes last: who finds it finds all of them.
        self.put(&key, json::encode(&key, &parts)?).await?;
        Ok(version)
    }

    /// The version of weights.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when there are more than [`WEIGHTS_BYTES_MAX`] bytes.
    pub fn version_of(bytes: &[u8]) -> Result<String, Error> {
        let (bytes_len, max) = (bytes.len(), WEIGHTS_BYTES_MAX);
        if bytes_len > max {
            return Err(Error::TooLarge {
                bytes: bytes_len,
                max,
            });
        }
        let digest = Sha256::digest(bytes);
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Loads a version of the weights of a world; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be read.
    pub async fn load(&self, world: &WorldId, version: &str) -> Result<Option<Bytes>, Error> {
        // What is no version may not be a key of another world's weights.
        if !is_weights_version(version) {
            return Ok(None);
        }
        let key = key(world, version);
        let Some(parts) = self.get(&key).await? else {
            return Ok(None);
        };
        let parts: usize = json::decode(&key, &parts)?;
        let mut bytes = BytesMut::new();
        for part in 0..parts {
            let Some(stored) = self.get(&part_key(&key, part)).await? else {
                return Ok(None);
            };
            bytes.extend_from_slice(&stored);
        }
        Ok(Some(bytes.freeze()))
    }

    /// Removes all weights of a world.
    ///
    /// # Errors
    /// [`Error::Broker`] when some may still be there.
    pub async fn remove_all(&self, world: &WorldId) -> Result<(), Error> {
        // The stream is purged, since a deleted key leaves a marker.
        let keys = format!("{}{world}.>", self.bucket.prefix);
        let purge = self.bucket.stream.purge().filter(keys);
        purge
            .await
            .map(drop)
            .map_err(|e| Error::broker("remove weights", e))
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let value = self.bucket.get(key).await;
        value.map_err(|e| Error::broker("load weights", e))
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<(), Error> {
        let stored = self.bucket.put(key, value).await;
        stored
            .map(drop)
            .map_err(|e| Error::broker("store weights", e))
    }
}

fn key(world: &WorldId, version: &str) -> String {
    format!("{world}.{version}")
}

fn part_key(key: &str, part: usize) -> String {
    format!("{key}.{part}")
}
