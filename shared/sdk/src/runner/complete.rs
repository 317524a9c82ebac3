//! Telling a world how a run ended.

use std::time::Duration;

use contract::run::RunOutcome;
use contract::{
    Accepted, Command, CommandId, CommandRequest, EntityId, Rejection, RejectionCode, Run,
    Timestamp,
};
use service_kit::ErrorChain;
use tracing::{debug, error, warn};

use super::Runner;
use super::attempt::Ending;
use crate::action::is_over;

/// How long one request to a world is repeated before we say that it does not answer.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// The most that a result may have, in bytes of JSON: a world takes no more in one commit, and a message
/// of NATS holds 1 MiB (its default).
const RESULT_BYTES_MAX: usize = 384 << 10;

impl Runner {
    /// Sends the outcome until the world has answered. A second run of the same invocation sends
    /// the same command: the world takes one of them.
    pub(super) async fn finish(&self, invocation: &Run, outcome: RunOutcome) -> Ending {
        let outcome = bounded(outcome);
        let ended = match outcome {
            RunOutcome::Completed(_) => "completed",
            RunOutcome::Failed { .. } => "failed",
        };
        match self
            .complete(invocation, invocation.id.completion(), outcome)
            .await
        {
            Answer::Taken => Ending::Done(ended),
            Answer::Over => Ending::Done("over"),
            // What it was made from has changed meanwhile: the run is done again on what is there now.
            Answer::Refused(rejection) if rejection.code == RejectionCode::Conflict => {
                Ending::Stale(rejection.detail)
            }
            Answer::Refused(rejection) => {
                warn!(code = ?rejection.code, reason = %rejection.detail, "a result was refused");
                self.result_refused(invocation, rejection).await
            }
        }
    }

    /// The result breaks a rule of the world: then the run has failed, and says so.
    async fn result_refused(&self, invocation: &Run, rejection: Rejection) -> Ending {
        let reason = format!("the world refused the result: {}", rejection.detail);
        let outcome = RunOutcome::Failed {
            code: "result_refused".to_owned(),
            reason: reason.clone(),
        };
        // Another command: the first one is refused for good.
        let id = CommandId::from_key(&["refused", &invocation.id.to_string()]);
        match self.complete(invocation, id, outcome).await {
            Answer::Taken => Ending::Done("failed"),
            Answer::Over => Ending::Done("over"),
            Answer::Refused(_) => Ending::Dead(reason),
        }
    }

    async fn complete(&self, invocation: &Run, id: CommandId, outcome: RunOutcome) -> Answer {
        let request = CommandRequest {
            id,
            sender: EntityId::world(),
            command: Command::Complete {
                invocation: invocation.id,
                outcome,
            },
            trace: bus::trace::current(),
        };
        loop {
            let sent = self
                .bus
                .command(&invocation.world, request.clone(), COMMAND_TIMEOUT);
            match sent.await {
                Ok(answer) => return self::answer(answer),
                Err(error) if error.is_transient() => {
                    warn!(error = %ErrorChain(&error), "a world does not take a result yet");
                }
                Err(error) => {
                    error!(error = %ErrorChain(&error), "a world and this worker don't understand each other");
                    tokio::time::sleep(COMMAND_TIMEOUT).await;
                }
            }
            // From here on, the world itself says that the run has failed.
            if Timestamp::now() > invocation.deadline {
                return Answer::Over;
            }
        }
    }
}

/// What a world says to a result.
enum Answer {
    Taken,
    Over,
    Refused(Rejection),
}

fn answer(answer: Result<Accepted, Rejection>) -> Answer {
    match answer {
        Ok(_) => Answer::Taken,
        // `Expired`: so old that the world forgot, which it does long after a run's deadline.
        Err(rejection) if is_over(rejection.code) || rejection.code == RejectionCode::Expired => {
            debug!(code = ?rejection.code, "a result comes too late");
            Answer::Over
        }
        Err(rejection) => Answer::Refused(rejection),
    }
}

fn bounded(outcome: RunOutcome) -> RunOutcome {
    let bytes = serde_json::to_vec(&outcome).map_or(usize::MAX, |json| json.len());
    if bytes <= RESULT_BYTES_MAX {
        return outcome;
    }
    RunOutcome::Failed {
        code: "result_too_large".to_owned(),
        reason: format!("the result has more than {RESULT_BYTES_MAX} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use contract::run::RunResult;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_that_nats_could_not_carry_is_a_failure() {
        let said = |bytes| RunResult {
            message: Some("x".repeat(bytes)),
            ..Default::default()
        };
        let changes = |bytes| {
            let patch = json!([{"op": "add", "path": "/text", "value": "x".repeat(bytes)}]);
            let change = json!({"state": {"entity": "mic", "patch": patch}});
            RunResult {
                changes: vec![serde_json::from_value(change).unwrap()],
                ..Default::default()
            }
        };
        let escaped = |bytes| RunResult {
            message: Some("\u{1}".repeat(bytes / 6)),
            ..Default::default()
        };
        let results: [&dyn Fn(usize) -> RunResult; 3] = [&said, &changes, &escaped];
        for result in results {
            let kept = bounded(RunOutcome::Completed(result(RESULT_BYTES_MAX - 1000)));
            assert!(matches!(kept, RunOutcome::Completed(_)));
            let refused = bounded(RunOutcome::Completed(result(RESULT_BYTES_MAX + 1000)));
            assert!(
                matches!(refused, RunOutcome::Failed { code, .. } if code == "result_too_large")
            );
        }
    }
}
