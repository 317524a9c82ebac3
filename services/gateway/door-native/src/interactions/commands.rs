//! The commands of interactions, and how the world's names of their fields read at this door.

use std::time::Duration;

use contract::http::{
    CancelInteractionFrame, CompleteInteractionFrame, InteractionRequest, InteractionResultRequest,
};
use contract::interaction::NewInteraction;
use contract::{Command, EntityId, InteractionId, Timestamp};
use door_kit::Problem;

use crate::responses::{FieldNames, sender_or_world};

/// The longest timeout: a year. What is to be there for longer is not a request.
const TIMEOUT_SECONDS_MAX: f64 = 31_536_000.0;

/// The fields of a request that have other names in its command.
pub(crate) const REQUEST_FIELDS: FieldNames =
    &[("sender", "requester"), ("deadline", "timeout_seconds")];
/// The fields of a result that have other names in its command.
pub(crate) const RESULT_FIELDS: FieldNames = &[("sender", "target")];

/// The command of a request that comes `now`, with its sender.
///
/// # Errors
/// 422 when the timeout is out of range.
pub(crate) fn request(
    body: InteractionRequest,
    now: Timestamp,
) -> Result<(EntityId, Command), Problem> {
    let deadline = body.timeout_seconds.map(|seconds| deadline(seconds, now));
    let new = NewInteraction {
        action: body.action,
        targets: body.targets,
        arguments: body.arguments,
        streams: body.streams,
        samples: body.samples,
        steps: body.steps,
        deadline: deadline.transpose()?,
        from_state: body.from_state,
        to_state: body.to_state,
        volatile: body.volatile,
        callback: body.callback,
        run: None,
    };
    Ok((body.requester, Command::RequestInteraction(new)))
}

fn deadline(timeout_seconds: f64, now: Timestamp) -> Result<Timestamp, Problem> {
    if timeout_seconds > 0.0 && timeout_seconds <= TIMEOUT_SECONDS_MAX {
        return Ok(now + Duration::from_secs_f64(timeout_seconds));
    }
    let detail = format!("a timeout is more than 0 and at most {TIMEOUT_SECONDS_MAX} seconds");
    Err(Problem::invalid("timeout_seconds", detail))
}

/// The command that cancels, with its sender.
pub(crate) fn cancel(frame: CancelInteractionFrame) -> (EntityId, Command) {
    let interaction = frame.interaction;
    let sender = sender_or_world(frame.sender);
    (sender, Command::CancelInteraction { interaction })
}

/// The command of a result, with its sender.
pub(crate) fn complete(
    interaction: InteractionId,
    result: InteractionResultRequest,
) -> (EntityId, Command) {
    let command = Command::CompleteInteraction {
        interaction,
        ok: result.ok,
        samples: result.samples,
        detail: result.detail,
    };
    (result.target, command)
}

/// The command of a result on a WebSocket, with its sender.
pub(crate) fn complete_frame(frame: CompleteInteractionFrame) -> (EntityId, Command) {
    let result = InteractionResultRequest {
        target: frame.target,
        ok: frame.ok,
        samples: frame.samples,
        detail: frame.detail,
    };
    complete(frame.interaction, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_in_its_range() {
        for (seconds, is_valid) in [
            (0.001, true),
            (15.0, true),
            (TIMEOUT_SECONDS_MAX, true),
            (0.0, false),
            (-1.0, false),
            (TIMEOUT_SECONDS_MAX + 1.0, false),
            (f64::NAN, false),
            (f64::INFINITY, false),
        ] {
            let result = deadline(seconds, Timestamp::from_unix_ms(0));
            assert_eq!(result.is_ok(), is_valid, "{seconds}");
            if let Err(problem) = result {
                assert_eq!(problem.field.as_deref(), Some("timeout_seconds"));
            }
        }
    }
}
