//! Values of a bucket that are larger than one message: their parts, and under the key itself how many there are.

use std::sync::Arc;

use async_nats::jetstream::kv;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;

use crate::{Error, json};

/// A message of NATS holds at most 1 MiB by default; the rest is for headers.
const PART_BYTES_MAX: usize = 768 * 1024;

/// What is done with the values, for errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operations {
    pub(crate) store: &'static str,
    pub(crate) load: &'static str,
}

/// Stores and loads values of a bucket in parts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Parts {
    bucket: Arc<kv::Store>,
    operations: Operations,
}

impl Parts {
    pub(crate) fn new(bucket: &Arc<kv::Store>, operations: Operations) -> Self {
        Self {
            bucket: Arc::clone(bucket),
            operations,
        }
    }

    /// Stores a value. Who finds it finds all of it.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub(crate) fn store<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.put_parts(key, bytes))
    }

    async fn put_parts(&self, key: &str, bytes: &Bytes) -> Result<(), Error> {
        let parts = bytes.len().div_ceil(PART_BYTES_MAX);
        for part in 0..parts {
            let start = part * PART_BYTES_MAX;
            let end = bytes.len().min(start + PART_BYTES_MAX);
            self.put(&part_key(key, part), bytes.slice(start..end))
                .await?;
        }
        // The number of parts comes last.
        self.put(key, json::encode(key, &parts)?).await
    }

    /// Loads a value; `None` when it was never stored, or was removed since.
    ///
    /// # Errors
    /// [`Error::Broker`] while it can't be read.
    pub(crate) fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Error>> {
        Box::pin(self.get_parts(key))
    }

    async fn get_parts(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let Some(parts) = self.find(key).await? else {
            return Ok(None);
        };
        let parts: usize = json::decode(key, &parts)?;
        let mut bytes = BytesMut::new();
        for part in 0..parts {
            let Some(stored) = self.find(&part_key(key, part)).await? else {
                return Ok(None);
            };
            bytes.extend_from_slice(&stored);
        }
        Ok(Some(bytes.freeze()))
    }

    /// The value of a key. A replica of the broker may lag behind the leader: what it does
    /// not have is read from the leader.
    async fn find(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let operation = self.operations.load;
        let value = self.bucket.get(key).await;
        let value = value.map_err(|e| Error::broker(operation, e))?;
        if value.is_some() {
            return Ok(value);
        }
        let subject = format!("{}{key}", self.bucket.prefix);
        let stream = &self.bucket.stream;
        match stream.get_last_raw_message_by_subject(&subject).await {
            // Of all messages only the marker of a deleted key has this header.
            Ok(message) if message.headers.get("KV-Operation").is_some() => Ok(None),
            Ok(message) => Ok(Some(message.payload)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Error::broker(operation, error)),
        }
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<(), Error> {
        let stored = self.bucket.put(key, value).await;
        stored
            .map(drop)
            .map_err(|e| Error::broker(self.operations.store, e))
    }
}

fn part_key(key: &str, part: usize) -> String {
    format!("{key}.{part}")
}
