//! Snapshots: the newest state of each world, so that waking it reads only the end of its log.

use async_nats::jetstream::kv;
use bytes::{Bytes, BytesMut};
use contract::{Seq, WorldId};
use serde::{Deserialize, Serialize};

use crate::{Bus, Error};

/// A message of NATS holds at most 1 MiB by default; the rest is for headers.
const PART_BYTES_MAX: usize = 768 * 1024;

/// What is kept under a world's own key.
#[derive(Serialize, Deserialize)]
struct Head {
    seq: Seq,
    /// Parts under keys of their own, written before this; 0 when the state is here.
    parts: usize,
}

impl Bus {
    /// Keeps a state that includes the commit `seq`, in place of the one before.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: the one before still is then.
    pub async fn keep_snapshot(
        &self,
        world: &WorldId,
        seq: Seq,
        state: Bytes,
    ) -> Result<(), Error> {
        let store = &self.snapshots;
        let inline = state.len() <= PART_BYTES_MAX;
        let parts = if inline {
            0
        } else {
            state.len().div_ceil(PART_BYTES_MAX)
        };
        // Parts first, under the snapshot's own sequence: a reader never sees a mixture.
        let mut first = None;
        for part in 0..parts {
            let end = state.len().min((part + 1) * PART_BYTES_MAX);
            let bytes = state.slice(part * PART_BYTES_MAX..end);
            let revision = store
                .put(part_key(world, seq, part), bytes)
                .await
                .map_err(|e| Error::broker("keep a snapshot", e))?;
            first.get_or_insert(revision);
        }
        let old = match first {
            Some(first) => Some(first),
            // Whoever reads what one message holds has room for as much.
            None => read_head(store, world)
                .await?
                .filter(|(head, _)| head.parts > 0)
                .map(|_| u64::MAX),
        };
        let head = Head { seq, parts };
        let mut value = serde_json::to_vec(&head).map_err(|source| Error::Encode {
            subject: world.to_string(),
            source,
        })?;
        value.push(b'\n');
        if inline {
            value.extend_from_slice(&state);
        }
        store
            .put(world.as_str(), value.into())
            .await
            .map_err(|e| Error::broker("keep a snapshot", e))?;
        match old {
            Some(until) => remove_parts(store, world, until).await,
            None => Ok(()),
        }
    }

    /// The newest snapshot of a world, with the last commit in it.
    ///
    /// # Errors
    /// [`Error::Broker`] while it can't be read.
    pub async fn snapshot(&self, world: &WorldId) -> Result<Option<(Seq, Bytes)>, Error> {
        let store = &self.snapshots;
        let Some((head, inline)) = read_head(store, world).await? else {
            return Ok(None);
        };
        if head.parts == 0 {
            return Ok(Some((head.seq, inline)));
        }
        let mut state = BytesMut::new();
        for part in 0..head.parts {
            let bytes = store
                .get(part_key(world, head.seq, part))
                .await
                .map_err(|e| Error::broker("read a snapshot", e))?;
            // A part is missing when a newer snapshot was just put in this one's place: the log
            // alone will do.
            let Some(bytes) = bytes else { return Ok(None) };
            state.extend_from_slice(&bytes);
        }
        Ok(Some((head.seq, state.freeze())))
    }

    /// Removes the snapshot of a world.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may still be there.
    pub async fn remove_snapshot(&self, world: &WorldId) -> Result<(), Error> {
        let store = &self.snapshots;
        if read_head(store, world).await?.is_some() {
            store
                .purge(world.as_str())
                .await
                .map_err(|e| Error::broker("remove a snapshot", e))?;
        }
        remove_parts(store, world, u64::MAX).await
    }
}

async fn read_head(store: &kv::Store, world: &WorldId) -> Result<Option<(Head, Bytes)>, Error> {
    let value = store
        .get(world.as_str())
        .await
        .map_err(|e| Error::broker("read a snapshot", e))?;
    let Some(value) = value else { return Ok(None) };
    let end = value
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(value.len());
    let head = serde_json::from_slice(&value[..end]).map_err(|source| Error::Decode {
        subject: world.to_string(),
        source,
    })?;
    Ok(Some((head, value.slice(value.len().min(end + 1)..))))
}

/// Removes parts of snapshots that were written before the message `until` of the bucket: those of the
/// snapshot before, and of any that was never finished. The stream is purged, since a deleted key
/// leaves a marker.
async fn remove_parts(store: &kv::Store, world: &WorldId, until: u64) -> Result<(), Error> {
    store
        .stream
        .purge()
        .sequence(until)
        .filter(format!("{}{world}.*.*", store.prefix))
        .await
        .map(drop)
        .map_err(|e| Error::broker("remove a snapshot", e))
}

fn part_key(world: &WorldId, seq: Seq, part: usize) -> String {
    format!("{world}.{seq}.{part}")
}
