//! What is shown of the system.

use contract::{Seq, Timestamp};
use door_kit::{Queue, QueueKind, Replica, SystemSummary};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The system as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemResponse {
    /// The processes that are alive, by service.
    pub(super) replicas: Vec<ReplicaResponse>,
    /// What waits for workers, by action.
    pub(super) queues: Vec<QueueResponse>,
    /// How far the world service is.
    pub(super) consumers: Vec<ConsumerResponse>,
    /// The log of all worlds.
    pub(super) log: LogResponse,
    /// How many dead letters are kept.
    pub(super) dead_letters: u64,
    /// Where the trace of a request is shown, with `{trace_id}` in the place of its id; absent when nothing is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace_url: Option<String>,
}

/// A process of the system.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplicaResponse {
    /// `world`, `gateway`, `worker` or `persistence`.
    service: String,
    /// Its id, which is another one after each start.
    id: String,
    /// When it started; absent for one of an earlier version.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Why it is not ready, as its `/readyz` has it; empty when it is.
    problems: Vec<String>,
    /// What its kind of service has to show: `connections` and `connections_max` of a gateway, `seq` (the last commit in the
    /// database) of `persistence`, `name`, `actions` and `running` (runs) of a worker.
    #[schema(value_type = Object)]
    status: Map<String, Value>,
}

/// The runs of an action that have not ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueResponse {
    /// The action.
    name: String,
    /// Runs that wait for a worker.
    waiting: u64,
    /// Runs that a worker has taken.
    running: u64,
    /// Those of them that another one had before, which did not end them.
    redelivered: u64,
}

/// A part of the world service that reads a stream of NATS.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsumerResponse {
    /// `dispatcher` reads commits, and hands on what they request; `wakes` reads what is due in passive worlds.
    name: String,
    /// What it has not read or not acknowledged yet.
    behind: u64,
}

/// The log of all worlds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogResponse {
    /// Its first commit.
    first_seq: Seq,
    /// Its last commit.
    seq: Seq,
    /// How many commits it has.
    commits: u64,
    /// What they take on a disk.
    bytes: u64,
}

impl SystemResponse {
    pub(super) fn new(system: SystemSummary, trace_url: Option<String>) -> Self {
        Self {
            replicas: system.replicas.into_iter().map(replica).collect(),
            queues: system.queues.iter().filter_map(queue).collect(),
            consumers: system.queues.iter().filter_map(consumer).collect(),
            log: LogResponse {
                first_seq: system.log.first,
                seq: system.log.last,
                commits: system.log.commits,
                bytes: system.log.bytes,
            },
            dead_letters: system.dead_letters,
            trace_url,
        }
    }
}

fn replica(replica: Replica) -> ReplicaResponse {
    let (mut since, mut version) = (None, None);
    let (mut problems, mut status) = (Vec::new(), Map::new());
    if let Some(report) = replica.report {
        since = Some(report.since);
        version = Some(report.version);
        (problems, status) = (report.problems, report.status);
    }
    ReplicaResponse {
        service: replica.service,
        id: replica.id.to_string(),
        since,
        version,
        problems,
        status,
    }
}

fn queue(queue: &Queue) -> Option<QueueResponse> {
    (queue.kind == QueueKind::Runs).then(|| QueueResponse {
        name: queue.name.clone(),
        waiting: queue.waiting,
        running: queue.in_progress,
        redelivered: queue.redelivered,
    })
}

fn consumer(queue: &Queue) -> Option<ConsumerResponse> {
    (queue.kind != QueueKind::Runs).then(|| ConsumerResponse {
        name: queue.name.clone(),
        behind: queue.waiting + queue.in_progress,
    })
}
