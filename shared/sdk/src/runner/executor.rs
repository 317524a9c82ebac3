//! Executes one delivery of a run: makes an attempt, and decides how the delivery ends.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::Delivery;
use contract::run::{ACK_WAIT, ATTEMPTS_MAX, RunOutcome, RunResult};
use contract::{Run, subject};
use opentelemetry::KeyValue;
use service_kit::spans::{self, RunAttempt};
use service_kit::{CancellationToken, ErrorChain};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, debug};

use super::ending::{Ending, settle};
use super::interrupted::report_sent_text;
use super::keep_alive::keep_alive;
use super::outcome::report_outcome;
use super::running::RunningRuns;
use crate::action::Action;
use crate::action_ctx::ActionCtx;
use crate::backoff::Backoff;
use crate::connection::Connection;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::sent_text::SentText;
use crate::user_code::{UserCode, run_inline};

/// How often a run is repeated because its result conflicted with another change.
const CONFLICTS_MAX: u32 = 100;
/// The pause after the first conflict; each further one adds as much.
const CONFLICT_PAUSE: Duration = Duration::from_millis(1);
/// A run that has waited for longer reads its context anew: it may have ended meanwhile.
const CONTEXT_FRESH_FOR: Duration = Duration::from_secs(2);

/// A run that was delivered, and the action that does it.
pub(super) struct Job {
    pub(super) action: Arc<dyn Action>,
    pub(super) run: Arc<Run>,
    sent: Arc<SentText>,
    /// Whether the context with which it was dispatched is still to be used.
    has_context: AtomicBool,
    /// Held until the code of the action has ended, which may be later than the delivery does: code that blocks
    /// its thread can't be dropped.
    slot: Arc<Option<OwnedSemaphorePermit>>,
}

impl Job {
    pub(super) fn new(
        action: &Arc<dyn Action>,
        run: Run,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            action: Arc::clone(action),
            run: Arc::new(run),
            sent: Arc::default(),
            has_context: AtomicBool::new(false),
            slot: Arc::new(slot),
        }
    }
}

/// Executes the runs of all actions of a worker.
pub(crate) struct Executor {
    connection: Connection,
    retry: Backoff,
    metrics: Metrics,
    running: Arc<RunningRuns>,
    user_code: Arc<UserCode>,
    /// Cancelled when the runs in progress go to other workers.
    requeue: CancellationToken,
}

impl Executor {
    pub(crate) fn new(
        connection: Connection,
        retry: Backoff,
        running: Arc<RunningRuns>,
        user_code: UserCode,
    ) -> Self {
        Self {
            connection,
            retry,
            metrics: Metrics::new(),
            running,
            user_code: Arc::new(user_code),
            requeue: CancellationToken::new(),
        }
    }

    /// Begins to count the attempts at the runs of an action.
    pub(super) fn count_from_zero(&self, action: &KeyValue) {
        self.metrics.count_from_zero(action);
    }

    /// Drops the runs in progress and requeues them for other workers.
    pub(super) fn requeue_all(&self) {
        self.requeue.cancel();
    }

    /// Makes an attempt at the run of a delivery, and ends the delivery.
    pub(super) async fn execute(
        &self,
        action: &Arc<dyn Action>,
        delivery: Delivery,
        labels: &[KeyValue],
        slot: Option<OwnedSemaphorePermit>,
    ) {
        let waited = self.connection.now().since(delivery.published);
        match delivery.attempt {
            1 => self.metrics.queued.record(waited.as_secs_f64(), labels),
            _ => self.metrics.redeliveries.add(1, labels),
        }
        let job = match delivery.read::<Run>() {
            Ok(run) => {
                let mut job = Job::new(action, run, slot);
                let is_fresh = delivery.attempt == 1 && waited < CONTEXT_FRESH_FOR;
                *job.has_context.get_mut() = is_fresh;
                job
            }
            Err(error) => {
                let reason = ErrorChain(&error).to_string();
                return settle(delivery, Ending::DeadLetter(reason)).await;
            }
        };
        let run = &job.run;
        let span = spans::process_run(&RunAttempt {
            template: subject::RUN_TEMPLATE,
            run: run.id,
            action: run.action.as_str(),
            world: run.world.as_str(),
            entity: run.entity.as_str(),
            attempt: delivery.attempt,
        });
        bus::trace::continue_from(&span, delivery.traceparent().as_deref());
        self.metrics.waiting.record(delivery.pending, labels);
        self.metrics.running.add(1, labels);
        let started = Instant::now();
        // Futures are pinned where they are made: to hand one on would copy it.
        let ending = {
            let supervised = pin!(self.supervise(&job, &delivery));
            supervised.instrument(span.clone()).await
        };
        let seconds = started.elapsed().as_secs_f64();
        self.metrics.duration.record(seconds, labels);
        self.metrics.running.add(-1, labels);
        let labels = [
            labels[0].clone(),
            KeyValue::new("outcome", ending.outcome()),
        ];
        self.metrics.attempts.add(1, &labels);
        let settled = pin!(settle(delivery, ending));
        settled.instrument(span).await;
    }

    /// Keeps the delivery alive during the attempt, and drops the attempt when the run is cancelled
    /// or requeued.
    async fn supervise(&self, job: &Job, delivery: &Delivery) -> Ending {
        let Some(guard) = self.running.register(job.run.id) else {
            // NATS was unavailable for longer than the ack wait, and redelivered the run to the
            // worker that is still at it.
            return Ending::Retry(ACK_WAIT, "runs already");
        };
        let attempt = pin!(self.attempt(job, delivery.attempt));
        let ending = tokio::select! {
            biased;
            () = guard.cancellation.cancelled() => Ending::Done("cancelled"),
            () = self.requeue.cancelled() => Ending::Retry(Duration::ZERO, "given back"),
            ending = keep_alive(delivery, attempt) => ending,
        };
        if ending.is_without_outcome() {
            report_sent_text(&self.connection, &job.run, &job.sent).await;
        }
        ending
    }

    /// Makes an attempt at a run that was delivered `delivered` times, and reports its outcome to the
    /// world.
    pub(super) async fn attempt(&self, job: &Job, delivered: u32) -> Ending {
        let run = &job.run;
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
            match self.attempt_once(job, delivered, deadline).await {
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

    async fn attempt_once(&self, job: &Job, delivered: u32, deadline: Instant) -> Ending {
        let run = &job.run;
        let mut ctx = ActionCtx::new(
            self.connection.clone(),
            Arc::clone(run),
            delivered,
            deadline,
            (Arc::clone(&job.sent), Arc::clone(&self.user_code)),
        );
        if job.has_context.swap(false, Ordering::Relaxed) {
            ctx.use_dispatched_context();
        }
        let action = pin!(self.run_action(job, ctx));
        let result = match timeout_at(deadline, action).await {
            Ok(Some(result)) => result,
            Ok(None) => Err(Error::transient("the action panicked")),
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

    /// Runs the code of the action; `None` when it panicked.
    async fn run_action(&self, job: &Job, ctx: ActionCtx) -> Option<Result<RunResult, Error>> {
        let (action, slot) = (Arc::clone(&job.action), Arc::clone(&job.slot));
        let work = async move {
            let result = action.run(ctx).await;
            drop(slot);
            result
        };
        if job.action.never_blocks() {
            return run_inline(work).await;
        }
        self.user_code.run(work).await
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
