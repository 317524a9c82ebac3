//! One attempt at one invocation.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bus::Delivery;
use contract::run::{ACK_WAIT, ATTEMPTS_MAX, RunOutcome};
use contract::{Run, Timestamp};
use futures::FutureExt;
use opentelemetry::KeyValue;
use service_kit::ErrorChain;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{Instrument, debug, info_span, warn};

use super::Runner;
use crate::{Action, Call, Error};

/// How often a delivery that is worked on is kept from going to another worker: twice may fail.
const PROGRESS_PAUSE: Duration = Duration::from_millis(ACK_WAIT.as_millis() as u64 / 3);

/// How often a run is done again because what it was made from had changed meanwhile.
const STALE_MAX: u32 = 100;
/// The pause before the first of them; each is longer by as much.
const STALE_PAUSE: Duration = Duration::from_millis(1);

/// How a delivery ends.
pub(super) enum Ending {
    /// The world knows the result, or wants none: ack.
    Done(&'static str),
    /// It goes to any worker after a pause.
    Again(Duration, &'static str),
    /// It has failed for good, and a person should see why.
    Dead(String),
    /// Its result was made from what is not there any more.
    Stale(String),
}

impl Ending {
    fn name(&self) -> &'static str {
        match self {
            Self::Done(outcome) | Self::Again(_, outcome) => outcome,
            Self::Dead(_) => "dead",
            Self::Stale(_) => "stale",
        }
    }
}

impl Runner {
    /// Runs a delivery, and ends it.
    pub(super) async fn handle(
        &self,
        action: &dyn Action,
        delivery: Delivery,
        labels: &[KeyValue],
    ) {
        let invocation = match delivery.read::<Run>() {
            Ok(invocation) => Arc::new(invocation),
            Err(error) => {
                let reason = ErrorChain(&error).to_string();
                return end(delivery, Ending::Dead(reason)).await;
            }
        };
        let span = info_span!(
            "invocation",
            otel.kind = "consumer",
            world.id = %invocation.world,
            agent.id = %invocation.entity,
            action.name = %invocation.action,
            invocation.id = %invocation.id,
            attempt = delivery.attempt,
        );
        bus::trace::continue_from(&span, delivery.traceparent().as_deref());
        self.metrics.waiting.record(delivery.waiting, labels);
        self.metrics.running.add(1, labels);
        let begun = Instant::now();
        let ending = self
            .supervise(action, &invocation, &delivery)
            .instrument(span.clone())
            .await;
        let seconds = begun.elapsed().as_secs_f64();
        self.metrics.duration.record(seconds, labels);
        self.metrics.running.add(-1, labels);
        let outcome = [labels[0].clone(), KeyValue::new("outcome", ending.name())];
        self.metrics.ended.add(1, &outcome);
        end(delivery, ending).instrument(span).await;
    }

    /// Keeps the delivery alive while it is worked on, and drops the work when it is called off.
    async fn supervise(
        &self,
        action: &dyn Action,
        invocation: &Arc<Run>,
        delivery: &Delivery,
    ) -> Ending {
        let Some(entered) = self.running.enter(invocation.id) else {
            // NATS was away for so long that it gave the invocation to a worker again: to us.
            return Ending::Again(ACK_WAIT, "runs already");
        };
        let work = self.attempt(action, invocation, delivery.attempt);
        tokio::select! {
            biased;
            () = entered.token.cancelled() => Ending::Done("cancelled"),
            () = self.give_back.cancelled() => Ending::Again(Duration::ZERO, "given back"),
            ending = keep_alive(delivery, work) => ending,
        }
    }

    async fn attempt(&self, action: &dyn Action, invocation: &Arc<Run>, delivered: u32) -> Ending {
        let left = invocation.deadline.since(Timestamp::now());
        if left.is_zero() {
            return self.finish(invocation, deadline_passed()).await;
        }
        if delivered > ATTEMPTS_MAX {
            // Its workers died of it, or were killed while they had it.
            let reason = format!("{ATTEMPTS_MAX} workers began this and none ended it");
            return self.give_up(invocation, reason).await;
        }
        let deadline = Instant::now() + left;
        let mut stale = 0;
        loop {
            match self.run(action, invocation, delivered, deadline).await {
                // Whoever came first has done something: sooner or later it is our turn.
                Ending::Stale(_) if stale < STALE_MAX => {
                    stale += 1;
                    sleep(STALE_PAUSE * stale).await;
                }
                Ending::Stale(reason) => return self.give_up(invocation, reason).await,
                ending => return ending,
            }
        }
    }

    async fn run(
        &self,
        action: &dyn Action,
        invocation: &Arc<Run>,
        delivered: u32,
        deadline: Instant,
    ) -> Ending {
        let call = Call::new(
            self.bus.clone(),
            Arc::clone(invocation),
            delivered,
            deadline,
        );
        let run = AssertUnwindSafe(async { action.call(call).await }).catch_unwind();
        let result = match timeout_at(deadline, run).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Error::transient("the action panicked")),
            Err(_elapsed) => return self.finish(invocation, deadline_passed()).await,
        };
        match result {
            Ok(completed) => {
                self.finish(invocation, RunOutcome::Completed(completed))
                    .await
            }
            Err(Error::Failed { code, reason }) => {
                self.finish(invocation, RunOutcome::Failed { code, reason })
                    .await
            }
            Err(Error::Over) => Ending::Done("over"),
            Err(Error::Transient { reason }) if delivered >= ATTEMPTS_MAX => {
                self.give_up(invocation, reason).await
            }
            Err(Error::Transient { reason }) => {
                debug!(reason, "the attempt failed");
                Ending::Again(self.config.retry.pause(delivered), "retried")
            }
        }
    }

    /// Tells the world that no attempt succeeded; the invocation becomes a dead letter.
    async fn give_up(&self, invocation: &Run, reason: String) -> Ending {
        let outcome = RunOutcome::Failed {
            code: "attempts_exhausted".to_owned(),
            reason: reason.clone(),
        };
        match self.finish(invocation, outcome).await {
            Ending::Done("failed") => Ending::Dead(reason),
            other => other,
        }
    }
}

fn deadline_passed() -> RunOutcome {
    RunOutcome::Failed {
        code: "deadline".to_owned(),
        reason: "it had not ended by its deadline".to_owned(),
    }
}

/// Does the work, and tells the queue meanwhile that it is being done.
async fn keep_alive<T>(delivery: &Delivery, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep(PROGRESS_PAUSE) => {}
        }
        let tell = delivery.in_progress();
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = timeout(PROGRESS_PAUSE, tell) => {}
        }
    }
}

async fn end(delivery: Delivery, ending: Ending) {
    let outcome = ending.name();
    // What the queue was not told comes again: the world then says that it is over.
    match tell(delivery, ending).await {
        Ok(()) => debug!(outcome, "an attempt ended"),
        Err(error) => warn!(error = %ErrorChain(&error), outcome, "the queue could not be told"),
    }
}

async fn tell(delivery: Delivery, ending: Ending) -> Result<(), bus::Error> {
    match ending {
        Ending::Done(_) => delivery.ack().await,
        Ending::Again(pause, _) => delivery.retry_after(pause).await,
        Ending::Dead(reason) | Ending::Stale(reason) => {
            warn!(reason, "an invocation is a dead letter");
            delivery.reject("invocation", &reason).await
        }
    }
}
