//! The custom actions that workers have registered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::kv;
use contract::ActionName;
use contract::behaviour::DeclaredAction;
use futures::{StreamExt, TryStreamExt};
use tokio::sync::watch;
use tracing::warn;

use crate::error_chain::error_chain;
use crate::{Error, json};

/// Pause before registrations are watched again when that failed.
const WATCH_PAUSE: Duration = Duration::from_millis(500);

/// The custom actions that workers have registered. Cheap to clone.
#[derive(Clone)]
pub struct CustomActionRegistry {
    bucket: Arc<kv::Store>,
}

impl CustomActionRegistry {
    pub(crate) fn new(bucket: kv::Store) -> Self {
        Self {
            bucket: Arc::new(bucket),
        }
    }

    /// Registers an action, and returns what was registered under its name before, if that is something
    /// else. The last registration of a name counts.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn register(&self, action: &DeclaredAction) -> Result<Option<DeclaredAction>, Error> {
        let key = action.action.name.as_str();
        let stored = self.bucket.get(key).await;
        let stored = stored.map_err(|e| Error::broker("read a registered action", e))?;
        let before = stored.and_then(|stored| serde_json::from_slice(&stored).ok());
        if before.as_ref() == Some(action) {
            return Ok(None);
        }
        let value = json::encode(key, action)?;
        let stored = self.bucket.put(key, value).await;
        stored.map_err(|e| Error::broker("register an action", e))?;
        Ok(before)
    }

    /// All registered actions, by name.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be read.
    pub async fn load(&self) -> Result<Vec<DeclaredAction>, Error> {
        let read = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::broker("read the registered actions", e)
        };
        let keys = self.bucket.keys().await.map_err(|e| read(e.into()))?;
        let keys: Vec<String> = keys.try_collect().await.map_err(|e| read(e.into()))?;
        let mut actions = BTreeMap::new();
        for key in keys {
            let value = self.bucket.get(&key).await.map_err(|e| read(e.into()))?;
            if let Some(action) = value.and_then(|value| decode(&key, &value)) {
                actions.insert(action.action.name.clone(), action);
            }
        }
        Ok(actions.into_values().collect())
    }

    /// Keeps `actions` up to date until `until` is over.
    pub async fn watch(
        &self,
        actions: &watch::Sender<Arc<[DeclaredAction]>>,
        until: impl Future<Output = ()>,
    ) {
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => return,
                result = self.watch_until_lost(actions) => if let Err(error) = result {
                    warn!(error = %error_chain(&error), "registered actions can't be watched");
                },
            }
            tokio::select! {
                () = &mut until => return,
                () = tokio::time::sleep(WATCH_PAUSE) => {}
            }
        }
    }

    async fn watch_until_lost(
        &self,
        actions: &watch::Sender<Arc<[DeclaredAction]>>,
    ) -> Result<(), Error> {
        let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::broker("watch the registered actions", e)
        };
        // What is registered meanwhile is in both.
        let mut changes = self
            .bucket
            .watch_all()
            .await
            .map_err(|e| failed(e.into()))?;
        let loaded = self.load().await?.into_iter();
        let mut by_name: BTreeMap<ActionName, DeclaredAction> = loaded
            .map(|action| (action.action.name.clone(), action))
            .collect();
        loop {
            actions.send_replace(by_name.values().cloned().collect());
            let Some(change) = changes.next().await else {
                return Ok(());
            };
            let change = change.map_err(|e| failed(e.into()))?;
            match change.operation {
                kv::Operation::Put => {
                    if let Some(action) = decode(&change.key, &change.value) {
                        by_name.insert(action.action.name.clone(), action);
                    }
                }
                kv::Operation::Delete | kv::Operation::Purge => {
                    by_name.retain(|name, _| name.as_str() != change.key);
                }
            }
        }
    }
}

/// A registration; one that this build can't read is skipped.
fn decode(key: &str, value: &[u8]) -> Option<DeclaredAction> {
    let action = json::decode(key, value);
    action
        .inspect_err(
            |error| warn!(action = key, error = %error_chain(error), "malformed registration"),
        )
        .ok()
}
