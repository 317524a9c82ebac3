//! Which worlds have connections through which gateway: what has to be ended when a gateway is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_nats::jetstream::kv;
use contract::{GatewayId, WorldId};
use futures::{StreamExt, TryStreamExt};

use crate::Error;

/// The worlds to which gateways have reported connections. Cheap to clone.
#[derive(Clone)]
pub struct ConnectionRegistry {
    bucket: Arc<kv::Store>,
}

/// The worlds that are removed for a gateway, as that happens.
pub struct RemovedWorlds(kv::Watch);

impl ConnectionRegistry {
    pub(crate) fn new(bucket: kv::Store) -> Self {
        Self {
            bucket: Arc::new(bucket),
        }
    }

    /// Adds a world, before the first connection is reported to it: who ends the connections of the
    /// gateway finds it.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn add(&self, gateway: &GatewayId, world: &WorldId) -> Result<(), Error> {
        let stored = self.bucket.put(key(gateway, world), "".into()).await;
        stored
            .map(drop)
            .map_err(|e| Error::broker("register a world with connections", e))
    }

    /// Removes a world that has no connections of the gateway any more.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may still be there: repeat it.
    pub async fn remove(&self, gateway: &GatewayId, world: &WorldId) -> Result<(), Error> {
        // A purge leaves one marker for all entries of the key.
        let removed = self.bucket.purge(key(gateway, world)).await;
        removed.map_err(|e| Error::broker("remove a world without connections", e))
    }

    /// The worlds with connections, by gateway.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be read.
    pub async fn worlds(&self) -> Result<BTreeMap<GatewayId, Vec<WorldId>>, Error> {
        let read = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::broker("read the worlds with connections", e)
        };
        let keys = self.bucket.keys().await.map_err(|e| read(e.into()))?;
        let keys: Vec<String> = keys.try_collect().await.map_err(|e| read(e.into()))?;
        let mut worlds = BTreeMap::<GatewayId, Vec<WorldId>>::new();
        for (gateway, world) in keys.iter().filter_map(|key| parse_key(key)) {
            worlds.entry(gateway).or_default().push(world);
        }
        Ok(worlds)
    }

    /// Watches the worlds that are removed for a gateway, by itself or by another: then its connections
    /// were ended.
    ///
    /// # Errors
    /// [`Error::Broker`] when they can't be watched.
    pub async fn watch_removed(&self, gateway: &GatewayId) -> Result<RemovedWorlds, Error> {
        let watch = self.bucket.watch(format!("{gateway}.*")).await;
        watch
            .map(RemovedWorlds)
            .map_err(|e| Error::broker("watch the worlds with connections", e))
    }
}

impl RemovedWorlds {
    /// The next world.
    ///
    /// # Errors
    /// [`Error::Broker`] when nothing more follows, or some may be missing.
    pub async fn next(&mut self) -> Result<WorldId, Error> {
        let watch = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::broker("watch the worlds with connections", e)
        };
        loop {
            let entry = self
                .0
                .next()
                .await
                .ok_or_else(|| watch("the watch ended".into()))?;
            let entry = entry.map_err(|e| watch(e.into()))?;
            if entry.operation == kv::Operation::Put {
                continue;
            }
            if let Some((_, world)) = parse_key(&entry.key) {
                return Ok(world);
            }
        }
    }
}

fn key(gateway: &GatewayId, world: &WorldId) -> String {
    format!("{gateway}.{world}")
}

fn parse_key(key: &str) -> Option<(GatewayId, WorldId)> {
    let (gateway, world) = key.split_once('.')?;
    Some((gateway.parse().ok()?, world.parse().ok()?))
}
