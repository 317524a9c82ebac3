//! The system as it is now, for people who look at it: who is alive, what waits, how large the log is.

use std::sync::Arc;

use async_nats::jetstream::consumer::Info;
use async_nats::jetstream::kv;
use contract::{ActionName, Seq, subject};
use futures::{StreamExt as _, TryStreamExt as _};

use crate::connection::Connection;
use crate::membership::{LEASE, MemberReport};
use crate::{Error, MemberId};

/// Reads how the system is. Cheap to clone.
#[derive(Clone)]
pub struct Monitor {
    connection: Arc<Connection>,
    leases: kv::Store,
}

/// A process that is a member of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Replica {
    /// The group of which it is a member.
    pub service: String,
    /// Its id.
    pub id: MemberId,
    /// What it reports about itself; absent for one of an earlier version.
    pub report: Option<MemberReport>,
}

/// What waits for one kind of process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// What waits in it.
    pub kind: QueueKind,
    /// The action of its runs, or who reads it.
    pub name: String,
    /// Messages that nobody has taken yet.
    pub waiting: u64,
    /// Messages that somebody has taken, and has not acknowledged yet.
    pub in_progress: u64,
    /// Those of them that were delivered before.
    pub redelivered: u64,
}

/// What waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// Runs of an action, for workers.
    Runs,
    /// Commits, for the dispatchers of the world service.
    Commits,
    /// What is due, for the world service.
    Wakes,
}

/// The log of all worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSummary {
    /// The first commit that it has.
    pub first: Seq,
    /// The last one.
    pub last: Seq,
    /// How many it has.
    pub commits: u64,
    /// What they take on the disk of one server.
    pub bytes: u64,
}

const QUEUES: [(QueueKind, &str); 3] = [
    (QueueKind::Runs, subject::ACTIONS_STREAM),
    (QueueKind::Commits, subject::LOG_STREAM),
    (QueueKind::Wakes, subject::TIMERS_STREAM),
];

impl Monitor {
    pub(crate) fn new(connection: &Arc<Connection>, leases: kv::Store) -> Self {
        Self {
            connection: Arc::clone(connection),
            leases,
        }
    }

    /// The processes that are alive, by service and id.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be read.
    pub async fn replicas(&self) -> Result<Vec<Replica>, Error> {
        let read = |e: Box<dyn std::error::Error + Send + Sync>| Error::broker("read members", e);
        let keys = self.leases.keys().await.map_err(|e| read(e.into()))?;
        let keys: Vec<String> = keys.try_collect().await.map_err(|e| read(e.into()))?;
        let now = self.connection.clock.now().as_unix_ms();
        let mut replicas = Vec::new();
        for key in keys {
            let entry = self.leases.entry(&key).await;
            let Some(entry) = entry.map_err(|e| read(e.into()))? else {
                continue;
            };
            let age = i128::from(now) - entry.created.unix_timestamp_nanos() / 1_000_000;
            let is_alive = age < LEASE.as_millis().cast_signed();
            let Some((service, id)) = key.split_once('.') else {
                continue;
            };
            if entry.operation == kv::Operation::Put && is_alive {
                replicas.push(Replica {
                    service: service.to_owned(),
                    id: MemberId::from(id),
                    report: serde_json::from_slice(&entry.value).ok(),
                });
            }
        }
        replicas.sort_by(|a, b| (&a.service, &a.id).cmp(&(&b.service, &b.id)));
        Ok(replicas)
    }

    /// What waits for workers and for the world service, by kind and name.
    ///
    /// # Errors
    /// [`Error::Broker`] while it can't be read.
    pub async fn queues(&self) -> Result<Vec<Queue>, Error> {
        let read = |e: Box<dyn std::error::Error + Send + Sync>| Error::broker("read queues", e);
        let mut queues = Vec::new();
        for (kind, name) in QUEUES {
            let stream = self.connection.jetstream.get_stream(name).await;
            let stream = stream.map_err(|e| read(e.into()))?;
            let mut consumers = stream.consumers();
            let first = queues.len();
            while let Some(consumer) = consumers.next().await {
                queues.extend(queue(kind, &consumer.map_err(|e| read(e.into()))?));
            }
            queues[first..].sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(queues)
    }

    /// How large the log is.
    ///
    /// # Errors
    /// [`Error::Broker`] while it can't be read.
    pub async fn log(&self) -> Result<LogSummary, Error> {
        let stream = self.connection.jetstream.get_stream(subject::LOG_STREAM);
        let stream = stream.await.map_err(|e| Error::broker("read the log", e))?;
        let state = &stream.cached_info().state;
        Ok(LogSummary {
            first: state.first_sequence,
            last: state.last_sequence,
            commits: state.messages,
            bytes: state.bytes,
        })
    }
}

/// The queue that a consumer reads; none for one that only its process knows.
fn queue(kind: QueueKind, consumer: &Info) -> Option<Queue> {
    let name = consumer.config.durable_name.as_ref()?;
    let name = match kind {
        QueueKind::Runs => action_of(name)?.to_string(),
        QueueKind::Commits | QueueKind::Wakes => name.clone(),
    };
    Some(Queue {
        kind,
        name,
        waiting: consumer.num_pending,
        in_progress: u64::try_from(consumer.num_ack_pending).unwrap_or_default(),
        redelivered: consumer.num_redelivered.try_into().unwrap_or_default(),
    })
}

/// The action whose workers share a consumer.
fn action_of(consumer: &str) -> Option<ActionName> {
    let (_, action) = consumer.split_once('-')?;
    let action: ActionName = action.parse().ok()?;
    (subject::action_consumer(&action) == consumer).then_some(action)
}
