//! Reports the outcome of a run to its world.

use std::io;
use std::time::Duration;

use bus::CommandError;
use contract::run::RunOutcome;
use contract::{Command, CommandId, CommandRequest, EntityId, Rejection, RejectionCode, Run};
use service_kit::ErrorChain;
use tracing::{debug, error, warn};

use super::ending::Ending;
use crate::connection::Connection;
use crate::error::is_run_ended;

/// Pause before a result is sent again to a world that can store nothing.
const STORAGE_FULL_PAUSE: Duration = Duration::from_secs(1);
/// How long one command to a world is repeated before that is logged.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum size of a result, in bytes of JSON: a world accepts no more in one commit, and a
/// message of NATS holds 1 MiB (its default).
const RESULT_BYTES_MAX: usize = 384 << 10;

/// Sends the outcome until the world has replied. Another attempt at the run sends the same command,
/// so that the world accepts one of them.
pub(super) async fn report_outcome(
    connection: &Connection,
    run: &Run,
    outcome: RunOutcome,
) -> Ending {
    let outcome = limit_size(outcome);
    let label = match outcome {
        RunOutcome::Completed(_) => "completed",
        RunOutcome::Failed { .. } => "failed",
    };
    match complete(connection, run, run.id.completion(), outcome).await {
        OutcomeReply::Accepted => Ending::Done(label),
        OutcomeReply::RunEnded => Ending::Done("over"),
        // Another run has changed the entity meanwhile: the run is repeated with its new state.
        OutcomeReply::Rejected(rejection) if rejection.code == RejectionCode::Conflict => {
            Ending::Conflict(rejection.detail)
        }
        OutcomeReply::Rejected(rejection) => {
            warn!(code = ?rejection.code, reason = %rejection.detail, "result rejected");
            report_rejection(connection, run, rejection).await
        }
    }
}

/// Reports that the run has failed because its result breaks a rule of the world.
async fn report_rejection(connection: &Connection, run: &Run, rejection: Rejection) -> Ending {
    let reason = format!("the world rejected the result: {}", rejection.detail);
    let outcome = RunOutcome::Failed {
        code: "result_refused".to_owned(),
        reason: reason.clone(),
    };
    // A command of its own: the world answers a repeated id with the first rejection.
    let id = CommandId::from_key(&["refused", &run.id.to_string()]);
    match complete(connection, run, id, outcome).await {
        OutcomeReply::Accepted => Ending::Done("failed"),
        OutcomeReply::RunEnded => Ending::Done("over"),
        OutcomeReply::Rejected(_) => Ending::DeadLetter(reason),
    }
}

async fn complete(
    connection: &Connection,
    run: &Run,
    id: CommandId,
    outcome: RunOutcome,
) -> OutcomeReply {
    let request = CommandRequest {
        id,
        sender: EntityId::world(),
        command: Command::Complete {
            run: run.id,
            outcome,
        },
        trace: bus::trace::current(),
        run: None,
        principal: None,
    };
    loop {
        let sent = connection.command(&run.world, request.clone(), COMMAND_TIMEOUT);
        match sent.await {
            Ok(_) => return OutcomeReply::Accepted,
            // No rule refuses the result: the world accepts it as soon as the log has space.
            Err(CommandError::Rejected(rejection))
                if rejection.code == RejectionCode::StorageFull =>
            {
                tokio::time::sleep(STORAGE_FULL_PAUSE).await;
            }
            Err(CommandError::Rejected(rejection)) => return OutcomeReply::from(rejection),
            Err(error) if error.is_transient() => {
                warn!(error = %ErrorChain(&error), "world unavailable, outcome will be sent again");
            }
            Err(error) => {
                error!(error = %ErrorChain(&error), "malformed message between worker and world");
                tokio::time::sleep(COMMAND_TIMEOUT).await;
            }
        }
        // After the deadline the world itself fails the run.
        if connection.now() > run.deadline {
            return OutcomeReply::RunEnded;
        }
    }
}

/// The reply of a world to an outcome.
enum OutcomeReply {
    Accepted,
    RunEnded,
    Rejected(Rejection),
}

impl From<Rejection> for OutcomeReply {
    fn from(rejection: Rejection) -> Self {
        // `Expired`: the world has forgotten ids this old, long after the deadline of the run.
        if is_run_ended(rejection.code) || rejection.code == RejectionCode::Expired {
            debug!(code = ?rejection.code, "result too late, the run has ended");
            return Self::RunEnded;
        }
        Self::Rejected(rejection)
    }
}

/// Counts the bytes of what is written.
struct ByteCount(usize);

impl io::Write for ByteCount {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn limit_size(outcome: RunOutcome) -> RunOutcome {
    let mut bytes = ByteCount(0);
    let counted = serde_json::to_writer(&mut bytes, &outcome);
    if counted.is_ok() && bytes.0 <= RESULT_BYTES_MAX {
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
    fn a_result_that_exceeds_a_nats_message_is_a_failure() {
        let message = |bytes| RunResult {
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
        let results: [&dyn Fn(usize) -> RunResult; 3] = [&message, &changes, &escaped];
        for result in results {
            let kept = limit_size(RunOutcome::Completed(result(RESULT_BYTES_MAX - 1000)));
            assert!(matches!(kept, RunOutcome::Completed(_)));
            let rejected = limit_size(RunOutcome::Completed(result(RESULT_BYTES_MAX + 1000)));
            assert!(
                matches!(rejected, RunOutcome::Failed { code, .. } if code == "result_too_large")
            );
        }
    }
}
