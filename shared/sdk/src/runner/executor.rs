//! Executes one delivery of a run: makes an attempt, and decides how the delivery ends.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bus::Delivery;
use contract::Run;
use contract::run::{ACK_WAIT, ATTEMPTS_MAX, RunOutcome};
use futures::FutureExt;
use opentelemetry::KeyValue;
use service_kit::{CancellationToken, ErrorChain};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, debug, info_span};

use super::ending::{Ending, settle};
use super::keep_alive::keep_alive;
use super::outcome::report_outcome;
use super::running::RunningRuns;
use crate::action::Action;
use crate::action_ctx::ActionCtx;
use crate::backoff::Backoff;
use crate::connection::Connection;
use crate::error::Error;
use crate::metrics::Metrics;

/// How often a run is repeated because its result conflicted with another change.
const CONFLICTS_MAX: u32 = 100;
/// The pause after the first conflict; each further one adds as much.
const CONFLICT_PAUSE: Duration = Duration::from_millis(1);

/// Executes the runs of all actions of a worker.
pub(crate) struct Executor {
    connection: Connection,
    retry: Backoff,
    metrics: Metrics,
    running: Arc<RunningRuns>,
    /// Cancelled when the runs in progress go to other workers.
    requeue: CancellationToken,
}

impl Executor {
    pub(crate) fn new(connection: Connection, retry: Backoff, running: Arc<RunningRuns>) -> Self {
        Self {
            connection,
            retry,
            metrics: Metrics::new(),
            running,
            requeue: CancellationToken::new(),
        }
    }

    /// Drops the runs in progress and requeues them for other workers.
    pub(super) fn requeue_all(&self) {
        self.requeue.cancel();
    }

    /// Makes an attempt at the run of a delivery, and ends the delivery.
    pub(super) async fn execute(
        &self,
        action: &dyn Action,
        delivery: Delivery,
        labels: &[KeyValue],
    ) {
        let run = match delivery.read::<Run>() {
            Ok(run) => Arc::new(run),
            Err(error) => {
                let reason = ErrorChain(&error).to_string();
                return settle(delivery, Ending::DeadLetter(reason)).await;
            }
        };
        let span = info_span!(
            "invocation",
            otel.kind = "consumer",
            world.id = %run.world,
            agent.id = %run.entity,
            action.name = %run.action,
            invocation.id = %run.id,
            attempt = delivery.attempt,
        );
        bus::trace::continue_from(&span, delivery.traceparent().as_deref());
        self.metrics.waiting.record(delivery.pending, labels);
        self.metrics.running.add(1, labels);
        let started = Instant::now();
        let ending = self
            .supervise(action, &run, &delivery)
            .instrument(span.clone())
            .await;
        let seconds = started.elapsed().as_secs_f64();
        self.metrics.duration.record(seconds, labels);
        self.metrics.running.add(-1, labels);
        let labels = [
            labels[0].clone(),
            KeyValue::new("outcome", ending.outcome()),
        ];
        self.metrics.attempts.add(1, &labels);
        settle(delivery, ending).instrument(span).await;
    }

    /// Keeps the delivery alive during the attempt, and drops the attempt when the run is cancelled
    /// or requeued.
    async fn supervise(&self, action: &dyn Action, run: &Arc<Run>, delivery: &Delivery) -> Ending {
        let Some(guard) = self.running.register(run.id) else {
            // NATS was unavailable for longer than the ack wait, and redelivered the run to the
            // worker that is still at it.
            return Ending::Retry(ACK_WAIT, "runs already");
        };
        let attempt = self.attempt(action, run, delivery.attempt);
        tokio::select! {
            biased;
            () = guard.cancellation.cancelled() => Ending::Done("cancelled"),
            () = self.requeue.cancelled() => Ending::Retry(Duration::ZERO, "given back"),
            ending = keep_alive(delivery, attempt) => ending,
        }
    }

    /// Makes an attempt at a run that was delivered `delivered` times, and reports its outcome to the
    /// world.
    pub(super) async fn attempt(
        &self,
        action: &dyn Action,
        run: &Arc<Run>,
        delivered: u32,
    ) -> Ending {
        let left = run.deadline.since(self.connection.now());
        if left.is_zero() {
            return report_outcome(&self.connection, run, deadline_exceeded()).await;
        }
        if delivered > ATTEMPTS_MAX {
            // The workers crashed during it, or were killed.
            let reason = format!("{ATTEMPTS_MAX} workers started the run and none ended it");
            return self.give_up(run, reason).await;
        }
        let deadline = Instant::now() + left;
        let mut conflicts = 0;
        loop {
            match self.attempt_once(action, run, delivered, deadline).await {
                // With each conflict another run has made progress: this one's turn comes.
                Ending::Conflict(_) if conflicts < CONFLICTS_MAX => {
                    conflicts += 1;
                    sleep(CONFLICT_PAUSE * conflicts).await;
                }
                Ending::Conflict(reason) => return self.give_up(run, reason).await,
                ending => return ending,
            }
        }
    }

    async fn attempt_once(
        &self,
        action: &dyn Action,
        run: &Arc<Run>,
        delivered: u32,
        deadline: Instant,
    ) -> Ending {
        let ctx = ActionCtx::new(
            self.connection.clone(),
            Arc::clone(run),
            delivered,
            deadline,
        );
        let attempt = AssertUnwindSafe(async { action.run(ctx).await }).catch_unwind();
        let result = match timeout_at(deadline, attempt).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Error::transient("the action panicked")),
            Err(_elapsed) => {
                return report_outcome(&self.connection, run, deadline_exceeded()).await;
            }
        };
        let outcome = match result {
            Ok(result) => RunOutcome::Completed(result),
            Err(Error::Failed { code, reason }) => RunOutcome::Failed { code, reason },
            Err(Error::RunEnded) => return Ending::Done("over"),
            Err(Error::Transient { reason }) if delivered >= ATTEMPTS_MAX => {
                return self.give_up(run, reason).await;
            }
            Err(Error::Transient { reason }) => {
                debug!(reason, "attempt failed, the run will be retried");
                return Ending::Retry(self.retry.pause(delivered), "retried");
            }
        };
        report_outcome(&self.connection, run, outcome).await
    }

    /// Reports to the world that no attempt succeeded; the run becomes a dead letter.
    async fn give_up(&self, run: &Run, reason: String) -> Ending {
        let outcome = RunOutcome::Failed {
            code: "attempts_exhausted".to_owned(),
            reason: reason.clone(),
        };
        match report_outcome(&self.connection, run, outcome).await {
            Ending::Done("failed") => Ending::DeadLetter(reason),
            other => other,
        }
    }
}

fn deadline_exceeded() -> RunOutcome {
    RunOutcome::Failed {
        code: "deadline".to_owned(),
        reason: "the run exceeded its deadline".to_owned(),
    }
}
