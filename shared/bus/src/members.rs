//! Members: which replicas of a service are alive, as each of them sees it.
//!
//! This is for speed only. Two replicas may disagree for a while; what they write is kept right by
//! the log's expected sequence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use async_nats::jetstream::kv;
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::{Bus, Error, bus::chain};

/// A member that has not been heard of for this long is not one any more.
pub(crate) const LEASE: Duration = Duration::from_secs(2);
/// How often a member is heard of: it may miss two beats.
const BEAT: Duration = Duration::from_millis(500);

/// One run of one process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(String);

impl MemberId {
    fn new() -> Self {
        Self(Uuid::now_v7().simple().to_string())
    }

    /// As bytes, for hashing.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<&str> for MemberId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Being a member of a service. The process must run [`Membership::keep`] meanwhile.
pub struct Membership {
    store: kv::Store,
    group: String,
    id: MemberId,
    members: watch::Sender<BTreeSet<MemberId>>,
}

impl Bus {
    /// A membership in `group` that begins when it is kept.
    pub fn membership(&self, group: &str) -> Membership {
        let (members, _) = watch::channel(BTreeSet::new());
        Membership {
            store: (*self.leases).clone(),
            group: group.to_owned(),
            id: MemberId::new(),
            members,
        }
    }
}

impl Membership {
    /// This member.
    pub fn id(&self) -> &MemberId {
        &self.id
    }

    /// Who is alive, this member included while it can be heard.
    pub fn members(&self) -> watch::Receiver<BTreeSet<MemberId>> {
        self.members.subscribe()
    }

    /// Beats, and watches the others, until `until` is over; then leaves, so that the others take
    /// over at once.
    pub async fn keep(self, until: impl Future<Output = ()>) {
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                result = self.watch() => {
                    let Err(error) = result else { continue };
                    debug!(error = %chain(&error), "members can't be watched");
                    // Alone for all it knows: it serves nothing until it hears of itself again.
                    self.members.send_replace(BTreeSet::new());
                    tokio::time::sleep(BEAT).await;
                }
            }
        }
        if let Err(error) = self.store.delete(self.key(&self.id)).await {
            warn!(error = %chain(&error), "could not leave: the others notice when the lease ends");
        }
    }

    async fn watch(&self) -> Result<(), Error> {
        let pattern = format!("{}.*", self.group);
        let mut changes = self
            .store
            .watch_with_history(pattern)
            .await
            .map_err(|e| Error::broker("watch members", e))?;
        let mut heard = BTreeMap::<MemberId, Instant>::new();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = beat.tick() => {
                    self.store
                        .put(self.key(&self.id), "".into())
                        .await
                        .map_err(|e| Error::broker("say that this member is alive", e))?;
                    heard.retain(|_, last| last.elapsed() < LEASE);
                }
                change = changes.next() => {
                    let change = change
                        .ok_or_else(|| Error::broker("watch members", "the watch ended"))?
                        .map_err(|e| Error::broker("watch members", e))?;
                    let Some((_, id)) = change.key.split_once('.') else { continue };
                    let id = MemberId(id.to_owned());
                    match change.operation {
                        kv::Operation::Put => heard.insert(id, Instant::now()),
                        kv::Operation::Delete | kv::Operation::Purge => heard.remove(&id),
                    };
                }
            }
            self.members.send_if_modified(|members| {
                if members.iter().eq(heard.keys()) {
                    return false;
                }
                *members = heard.keys().cloned().collect();
                true
            });
        }
    }

    fn key(&self, id: &MemberId) -> String {
        format!("{}.{id}", self.group)
    }
}
