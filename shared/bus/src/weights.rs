//! Weights: what the processors of a world have learned, each version by the hash of its bytes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::kv::{self, Operation, UpdateErrorKind};
use bytes::Bytes;
use contract::WorldId;
use contract::processor::{WEIGHTS_BYTES_MAX, is_weights_version};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::connection::Connection;
use crate::parts::{Operations, Parts};

const OPERATIONS: Operations = Operations {
    store: "store weights",
    load: "load weights",
};

/// Which versions are kept that no state names any more.
#[derive(Debug, Clone, Copy)]
pub struct KeptWeights {
    /// So many of those that were stored last.
    pub count: usize,
    /// And all that are younger than this: a run may have stored one that has not ended yet.
    pub age: Duration,
}

/// Stores and loads versions of weights. Cheap to clone.
#[derive(Clone)]
pub struct Weights {
    connection: Arc<Connection>,
    bucket: Arc<kv::Store>,
    parts: Parts,
}

impl Weights {
    pub(crate) fn new(connection: &Arc<Connection>, bucket: kv::Store) -> Self {
        let bucket = Arc::new(bucket);
        Self {
            connection: Arc::clone(connection),
            parts: Parts::new(&bucket, OPERATIONS),
            bucket,
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
        if self.renew(&key).await? {
            return Ok(version);
        }
        self.parts.store(&key, bytes).await?;
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

    /// Loads a version of the weights of a world; `None` when there is none: it was never stored, or was
    /// removed since.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be read.
    pub async fn load(&self, world: &WorldId, version: &str) -> Result<Option<Bytes>, Error> {
        // What is no version may not be a key of another world's weights.
        if !is_weights_version(version) {
            return Ok(None);
        }
        self.parts.load(&key(world, version)).await
    }

    /// Removes versions of a world that are not `in_use`, the oldest first: those that were stored or stored
    /// again last are kept, `keep.count` of them, and all that are younger than `keep.age`. Returns how many
    /// were removed.
    ///
    /// A version that is stored at the same time is not removed, or is stored anew.
    ///
    /// # Errors
    /// [`Error::Broker`] when some may still be there.
    pub async fn remove_unused(
        &self,
        world: &WorldId,
        in_use: &BTreeSet<String>,
        keep: KeptWeights,
    ) -> Result<usize, Error> {
        let age = i64::try_from(keep.age.as_secs()).unwrap_or(i64::MAX);
        let before = self.connection.clock.now().as_unix_ms() / 1000 - age;
        let mut unused = Vec::new();
        for version in self.versions(world).await? {
            if in_use.contains(&version) {
                continue;
            }
            let key = key(world, &version);
            let entry = self.bucket.entry(&key).await;
            let entry = entry.map_err(|e| Error::broker("list weights", e))?;
            let Some(entry) = entry else { continue };
            let stored_at = entry.created.unix_timestamp();
            if entry.operation == Operation::Put {
                unused.push((entry.revision, stored_at, version));
            } else if stored_at <= before {
                // A removal that was not finished.
                self.purge_removed(&key, entry.revision).await?;
            }
        }
        unused.sort_unstable();
        let oldest = unused.len().saturating_sub(keep.count);
        let mut removed = 0;
        for (revision, stored_at, version) in unused.into_iter().take(oldest) {
            if stored_at <= before {
                removed += usize::from(self.remove(&key(world, &version), revision).await?);
            }
        }
        Ok(removed)
    }

    /// The versions of a world.
    async fn versions(&self, world: &WorldId) -> Result<Vec<String>, Error> {
        let failed = |e| Error::broker("list weights", e);
        let prefix = format!("{}{world}.", self.bucket.prefix);
        // The parts have one token more.
        let info = self.bucket.stream.info_with_subjects(format!("{prefix}*"));
        let mut subjects = info.await.map_err(|e| Error::broker("list weights", e))?;
        let mut versions = Vec::new();
        while let Some((subject, _)) = subjects.try_next().await.map_err(failed)? {
            if let Some(version) = subject.strip_prefix(&prefix) {
                versions.push(version.to_owned());
            }
        }
        Ok(versions)
    }

    /// Removes a version, unless it was stored again since it had this revision. Returns whether it was
    /// removed.
    async fn remove(&self, key: &str, revision: u64) -> Result<bool, Error> {
        let deleted = self
            .bucket
            .delete_expect_revision(key, Some(revision))
            .await;
        if let Err(error) = deleted {
            let now = self.bucket.entry(key).await;
            let now = now.map_err(|e| Error::broker("remove weights", e))?;
            return match now {
                // Somebody has stored it again.
                Some(entry) if entry.revision != revision => Ok(false),
                _ => Err(Error::broker("remove weights", error)),
            };
        }
        self.purge_removed(key, revision).await?;
        Ok(true)
    }

    /// Removes the parts of a version that were stored before a revision, and the marker of its removal.
    async fn purge_removed(&self, key: &str, revision: u64) -> Result<(), Error> {
        // A worker that stores it now begins with its parts: these are behind the revision.
        self.purge(format!("{key}.*"), revision).await?;
        let marker = self.bucket.entry(key).await;
        let marker = marker.map_err(|e| Error::broker("remove weights", e))?;
        match marker.filter(|marker| marker.operation != Operation::Put) {
            Some(marker) => self.purge(key.to_owned(), marker.revision + 1).await,
            None => Ok(()),
        }
    }

    /// Removes what was stored under keys before the message `until` of the bucket. The stream is purged,
    /// since a deleted key leaves a marker.
    async fn purge(&self, keys: String, until: u64) -> Result<(), Error> {
        let keys = format!("{}{keys}", self.bucket.prefix);
        let purge = self.bucket.stream.purge().sequence(until).filter(keys);
        let purged = purge.await;
        purged
            .map(drop)
            .map_err(|e| Error::broker("remove weights", e))
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

    /// Stores the number of parts of a version again, if it is there, so that it counts as new and is not
    /// removed meanwhile. Returns whether it is there.
    async fn renew(&self, key: &str) -> Result<bool, Error> {
        let entry = self.bucket.entry(key).await;
        let entry = entry.map_err(|e| Error::broker("store weights", e))?;
        let Some(entry) = entry.filter(|entry| entry.operation == Operation::Put) else {
            return Ok(false);
        };
        match self.bucket.update(key, entry.value, entry.revision).await {
            Ok(_) => Ok(true),
            // It was removed, or stored by another.
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(false),
            Err(error) => Err(Error::broker("store weights", error)),
        }
    }
}

fn key(world: &WorldId, version: &str) -> String {
    format!("{world}.{version}")
}
