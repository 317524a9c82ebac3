use std::future::{pending, ready};

use bus::{AppendError, Bus, CommitNotice};
use contract::{Accepted, Reply, Request, Seq, WorldId};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use rules::World;
use tokio::time::Instant;

use super::commit_builder::{CommitBuilder, DecidedRequest, PlannedReply};
use super::pending_request::PendingRequest;
use crate::metrics::{AppendOutcome, CommandOutcomes};
use crate::resources::Resources;

/// A commit that was sent to the log, and is not known to be stored.
pub(super) struct AppendInFlight {
    builder: CommitBuilder,
    world: WorldId,
    /// The commit before it.
    previous: Seq,
    /// Its size.
    bytes: usize,
    started: Instant,
    stored: BoxFuture<'static, Result<Seq, AppendError>>,
}

/// What an append has changed in the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Appended {
    Commit,
    /// The commit was empty: the log is as it was.
    Nothing,
}

impl AppendInFlight {
    /// Sends a commit to the log. One without events is not stored, but the replies to its requests are
    /// true only if the state is still that of the log.
    pub(super) async fn start(bus: &Bus, world: &mut World, builder: CommitBuilder) -> Self {
        let (id, previous) = (world.id.clone(), world.seq);
        let mut bytes = 0;
        let stored = if builder.must_be_stored() {
            let commit = builder.commit();
            world.seal(commit);
            match bus.log().begin_append(&id, commit, previous).await {
                Ok(pending) => {
                    bytes = pending.bytes;
                    pending.stored().boxed()
                }
                Err(error) => ready(Err(error)).boxed(),
            }
        } else {
            check_is_last(bus.clone(), id.clone(), previous).boxed()
        };
        Self {
            builder,
            world: id,
            previous,
            bytes,
            started: Instant::now(),
            stored,
        }
    }

    /// Waits until the commit is in the log.
    pub(super) async fn stored(&mut self) -> Result<Seq, AppendError> {
        (&mut self.stored).await
    }

    /// The result of the command that this request repeats, if it is in this commit.
    pub(super) fn accepted(&self, request: &PendingRequest) -> Option<Accepted> {
        self.builder.accepted(request)
    }

    /// Lets a request wait for this commit.
    pub(super) fn push(&mut self, request: PendingRequest, reply: PlannedReply) {
        self.builder.push(request, reply);
    }

    /// Notes in the state that the commit is in the log at `seq`.
    pub(super) fn mark_durable(&self, world: &mut World, seq: Seq) {
        if self.builder.must_be_stored() {
            world.mark_durable(seq, self.builder.commit());
        }
    }

    /// Replies to all requests of the commit, which is in the log at `seq`, and publishes its events.
    pub(super) async fn reply(self, resources: &Resources, seq: Seq) -> Appended {
        let must_be_stored = self.builder.must_be_stored();
        let (commit, requests) = self.builder.into_parts();
        reply_all(resources, seq, requests).await;
        if !must_be_stored {
            return Appended::Nothing;
        }
        let metrics = &resources.metrics;
        metrics.count_append(AppendOutcome::Stored);
        let seconds = self.started.elapsed().as_secs_f64();
        metrics.append_seconds.record(seconds, &[]);
        metrics.commit_bytes.record(self.bytes as u64, &[]);
        let events = commit.events.len() as u64;
        metrics.events_committed.add(events, &[]);
        if resources.config.publish_events {
            let notice = CommitNotice {
                world: &self.world,
                seq,
                previous: self.previous,
                commit: &commit,
            };
            resources.bus.event_publisher().publish(notice).await;
        }
        Appended::Commit
    }

    /// When it was sent, if it is to be stored.
    pub(super) fn storing_since(&self) -> Option<Instant> {
        self.builder.must_be_stored().then_some(self.started)
    }

    /// The commit and its requests.
    pub(super) fn builder(&self) -> &CommitBuilder {
        &self.builder
    }

    pub(super) fn into_builder(self) -> CommitBuilder {
        self.builder
    }
}

async fn reply_all(resources: &Resources, seq: Seq, requests: Vec<DecidedRequest>) {
    let mut outcomes = CommandOutcomes::default();
    for DecidedRequest { request, reply } in requests {
        let (reply, is_new) = match reply {
            PlannedReply::Accepted(accepted) => {
                (Reply::Accepted(Accepted { seq, ..accepted }), true)
            }
            PlannedReply::Ready(reply) => (reply, false),
        };
        if matches!(*request.request, Request::Command(_)) {
            outcomes.count(&reply, is_new);
        }
        request.reply(&reply).await;
    }
    resources.metrics.count_commands(&outcomes);
}

async fn check_is_last(bus: Bus, world: WorldId, seq: Seq) -> Result<Seq, AppendError> {
    match bus.log().last_seq(&world).await {
        Ok(last) if last == seq => Ok(seq),
        Ok(_) => Err(AppendError::Conflict {
            world,
            expected: seq,
        }),
        Err(source) => Err(AppendError::Unknown {
            world,
            source: source.into(),
        }),
    }
}

/// Waits until the commit in flight is in the log; for ever when there is none.
pub(super) async fn stored(in_flight: &mut Option<AppendInFlight>) -> Result<Seq, AppendError> {
    match in_flight {
        Some(append) => append.stored().await,
        None => pending().await,
    }
}
