//! Membership: which replicas of a service are alive, as each of them sees it.
//!
//! This is for speed only. Two replicas may disagree for a while; what they write is kept right by
//! the log's expected sequence. So a replica that can't watch the others goes on as before: the bucket of leases
//! may be unavailable alone.

mod heartbeats;

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::kv;
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};

use self::heartbeats::Heartbeats;
pub(crate) use self::heartbeats::LEASE;
use crate::error_chain::error_chain;
use crate::{Error, MemberId};

/// The time between two heartbeats: a member may miss two.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Being a member of a service. The process must run [`Membership::maintain`] meanwhile.
pub struct Membership {
    store: kv::Store,
    group: String,
    id: MemberId,
    members: watch::Sender<BTreeSet<MemberId>>,
}

/// What a process is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It sends heartbeats.
    Member,
    /// It watches those of others alone.
    Observer,
}

impl Membership {
    pub(crate) fn new(store: kv::Store, group: &str) -> Self {
        let (members, _) = watch::channel(BTreeSet::new());
        Self {
            store,
            group: group.to_owned(),
            id: MemberId::new(),
            members,
        }
    }

    /// This member.
    pub fn id(&self) -> &MemberId {
        &self.id
    }

    /// Who is alive, this member included once its own heartbeats arrive.
    pub fn members(&self) -> watch::Receiver<BTreeSet<MemberId>> {
        self.members.subscribe()
    }

    /// Sends heartbeats, and watches those of the others, until `until` is over; then leaves, so that
    /// the others take over at once.
    pub async fn maintain(self, until: impl Future<Output = ()>) {
        self.run(Role::Member, until).await;
        if let Err(error) = self.store.delete(self.key(&self.id)).await {
            warn!(error = %error_chain(&error), "lease not released: it expires");
        }
    }

    /// Watches the heartbeats of the members until `until` is over, and is none of them.
    pub async fn observe(self, until: impl Future<Output = ()>) {
        self.run(Role::Observer, until).await;
    }

    async fn run(&self, role: Role, until: impl Future<Output = ()>) {
        tokio::pin!(until);
        let mut heartbeats = Heartbeats::default();
        loop {
            tokio::select! {
                () = &mut until => return,
                result = self.watch(role, &mut heartbeats) => {
                    let Err(error) = result else { continue };
                    debug!(error = %error_chain(&error), "members can't be watched");
                    tokio::time::sleep(HEARTBEAT).await;
                }
            }
        }
    }

    async fn watch(&self, role: Role, heartbeats: &mut Heartbeats) -> Result<(), Error> {
        let pattern = format!("{}.*", self.group);
        let mut changes = self
            .store
            .watch_with_history(pattern)
            .await
            .map_err(|e| Error::broker("watch members", e))?;
        heartbeats.restart(Instant::now());
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = heartbeat.tick() => {
                    if role == Role::Member {
                        self.store
                            .put(self.key(&self.id), "".into())
                            .await
                            .map_err(|e| Error::broker("send a heartbeat", e))?;
                    }
                }
                change = changes.next() => {
                    let change = change
                        .ok_or_else(|| Error::broker("watch members", "the watch ended"))?
                        .map_err(|e| Error::broker("watch members", e))?;
                    let Some((_, id)) = change.key.split_once('.') else { continue };
                    let id = MemberId::from(id);
                    match change.operation {
                        kv::Operation::Put => {
                            let stored_at = change.created.unix_timestamp_nanos();
                            heartbeats.add(id, stored_at, Instant::now());
                        }
                        kv::Operation::Delete | kv::Operation::Purge => heartbeats.remove(&id),
                    }
                }
            }
            heartbeats.expire(Instant::now());
            self.members.send_if_modified(|members| {
                if heartbeats.are_of(members) {
                    return false;
                }
                *members = heartbeats.members();
                true
            });
        }
    }

    fn key(&self, id: &MemberId) -> String {
        format!("{}.{id}", self.group)
    }
}
