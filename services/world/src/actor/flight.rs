//! A commit on its way to the log.

use std::future::{pending, ready};

use bus::{AppendError, Bus, CommitNotice};
use contract::{Accepted, Reply, Request, Seq, WorldId};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::Shared;
use crate::actor::draft::{Draft, Planned};
use crate::metrics::Answered;
use rules::World;

/// A draft that left, and what tells whether it got into the log.
pub(super) struct Flight {
    pub(super) draft: Draft,
    world: WorldId,
    /// The commit before it.
    previous: Seq,
    started: Instant,
    landing: BoxFuture<'static, Result<Seq, AppendError>>,
}

impl Flight {
    /// Sends a draft. One without events is not stored, but what it would answer is true only if the
    /// state is still that of the log.
    pub(super) async fn start(bus: &Bus, world: &mut World, draft: Draft) -> Self {
        let (id, previous) = (world.id.clone(), world.seq);
        let landing = if draft.is_stored() {
            world.seal(&draft.commit);
            match bus.log().begin_append(&id, &draft.commit, previous).await {
                Ok(appending) => appending.stored().boxed(),
                Err(error) => ready(Err(error)).boxed(),
            }
        } else {
            check_current(bus.clone(), id.clone(), previous).boxed()
        };
        Self {
            draft,
            world: id,
            previous,
            started: Instant::now(),
            landing,
        }
    }

    /// Notes that it is in the log at `seq`.
    pub(super) fn landed(&self, world: &mut World, seq: Seq) {
        if self.draft.is_stored() {
            world.mark_durable(seq, &self.draft.commit);
        }
    }

    /// Answers its requests, and publishes its events. Whether it is in the log: a draft without
    /// events is nowhere.
    pub(super) async fn tell(self, shared: &Shared, seq: Seq) -> bool {
        let stored = self.draft.is_stored();
        let (commit, taken) = self.draft.into_parts();
        let mut answered = Answered::default();
        for (item, planned) in taken {
            let reply = match planned {
                Planned::Committed(accepted) => Reply::Accepted(Accepted { seq, ..accepted }),
                Planned::Ready(reply) => reply,
            };
            if matches!(*item.request, Request::Command(_)) {
                answered.count(&reply);
            }
            item.reply(&reply).await;
        }
        shared.metrics.commands(&answered);
        if !stored {
            return false;
        }
        let metrics = &shared.metrics;
        metrics.append("stored");
        metrics
            .append_seconds
            .record(self.started.elapsed().as_secs_f64(), &[]);
        metrics
            .events_committed
            .add(commit.events.len() as u64, &[]);
        if shared.config.publish_events {
            let notice = CommitNotice {
                world: &self.world,
                seq,
                previous: self.previous,
                commit: &commit,
            };
            shared.bus.event_publisher().publish(notice).await;
        }
        true
    }
}

/// Waits until what is on its way has landed; for ever when nothing is.
pub(super) async fn landing(flight: &mut Option<Flight>) -> Result<Seq, AppendError> {
    match flight {
        Some(flight) => (&mut flight.landing).await,
        None => pending().await,
    }
}

async fn check_current(bus: Bus, world: WorldId, seq: Seq) -> Result<Seq, AppendError> {
    match bus.log().last_seq(&world).await {
        Ok(end) if end == seq => Ok(seq),
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
