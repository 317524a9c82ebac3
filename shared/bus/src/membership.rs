//! Membership: which replicas of a service are alive, as each of them sees it.
//!
//! This is for speed only. Two replicas may disagree for a while; what they write is kept right by
//! the log's expected sequence. So a replica that can't watch the others goes on as before: the bucket of leases
//! may be unavailable alone.

mod heartbeats;
mod report;

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::kv;
use bytes::Bytes;
use contract::Timestamp;
use futures::StreamExt;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};

use self::heartbeats::Heartbeats;
pub(crate) use self::heartbeats::LEASE;
use self::report::MakeReport;
pub use self::report::MemberReport;
use crate::error_chain::error_chain;
use crate::{Error, MemberId};

/// The time between two heartbeats: a member may miss two.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// The time between two heartbeats of a member that nobody takes over from: it may miss one.
const ANNOUNCEMENT: Duration = Duration::from_secs(1);

/// Being a member of a service. The process must run [`Membership::maintain`] meanwhile.
pub struct Membership {
    store: kv::Store,
    group: String,
    id: MemberId,
    members: watch::Sender<BTreeSet<MemberId>>,
    since: Timestamp,
    report: Option<MakeReport>,
}

/// What a process is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It sends heartbeats.
    Member,
    /// It watches those of others alone.
    Observer,
}

impl Role {
    /// A watch that receives nothing for longer than this is begun anew: nothing of its own, for a member, which
    /// stores its own heartbeats; nothing of anybody, for an observer. A member does so before its own lease is over.
    /// An observer waits until those of the others are, since a watch that begins anew prolongs them.
    fn silence_max(self) -> Duration {
        match self {
            Self::Member => LEASE.saturating_sub(HEARTBEAT),
            Self::Observer => LEASE.saturating_mul(2),
        }
    }
}

impl Membership {
    pub(crate) fn new(store: kv::Store, group: &str, now: Timestamp) -> Self {
        let (members, _) = watch::channel(BTreeSet::new());
        Self {
            store,
            group: group.to_owned(),
            id: MemberId::new(),
            members,
            since: now,
            report: None,
        }
    }

    /// Reports with each heartbeat why this member is not ready (nothing when it is), and what its service has to
    /// show. `report` must not block.
    #[must_use]
    pub fn with_report(
        mut self,
        report: impl Fn() -> (Vec<String>, Map<String, Value>) + Send + Sync + 'static,
    ) -> Self {
        self.report = Some(Box::new(report));
        self
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
        self.leave().await;
    }

    /// Sends heartbeats until `until` is over, then leaves. It watches nobody: for services with many members, of
    /// which none has to know the others.
    pub async fn announce(self, until: impl Future<Output = ()>) {
        let send = async {
            let mut heartbeat = tokio::time::interval(ANNOUNCEMENT);
            heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                heartbeat.tick().await;
                if let Err(error) = self.send_heartbeat().await {
                    debug!(error = %error_chain(&error), "heartbeat not sent");
                }
            }
        };
        tokio::select! {
            () = until => {}
            () = send => {}
        }
        self.leave().await;
    }

    async fn leave(&self) {
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
        let mut received_at = Instant::now();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = heartbeat.tick() => {
                    if role == Role::Member {
                        self.send_heartbeat().await?;
                    }
                    // The client makes a watch anew by itself, but after some attempts it waits for 10 s before each.
                    if received_at.elapsed() > role.silence_max() {
                        return Err(Error::broker("watch members", "no heartbeat is received"));
                    }
                }
                change = changes.next() => {
                    let change = change
                        .ok_or_else(|| Error::broker("watch members", "the watch ended"))?
                        .map_err(|e| Error::broker("watch members", e))?;
                    let Some((_, id)) = change.key.split_once('.') else { continue };
                    let id = MemberId::from(id);
                    if role == Role::Observer || id == self.id {
                        received_at = Instant::now();
                    }
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

    async fn send_heartbeat(&self) -> Result<(), Error> {
        let sent = self.store.put(self.key(&self.id), self.heartbeat()).await;
        sent.map(drop)
            .map_err(|e| Error::broker("send a heartbeat", e))
    }

    fn heartbeat(&self) -> Bytes {
        let report = self.report.as_ref().map(|report| {
            let (problems, status) = report();
            MemberReport {
                since: self.since,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                problems,
                status,
            }
        });
        let encoded = report.and_then(|report| serde_json::to_vec(&report).ok());
        encoded.unwrap_or_default().into()
    }

    fn key(&self, id: &MemberId) -> String {
        format!("{}.{id}", self.group)
    }
}
