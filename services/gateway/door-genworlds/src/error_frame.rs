//! The error frames: why a frame was refused, or the run that it caused has failed. Only the sender
//! receives them.

use door_kit::Problem;
use serde::Serialize;

use crate::encode::encode_from_world;
use crate::request_tracker::RunFailure;

/// The type of an error frame.
const ERROR: &str = "error";

#[derive(Serialize)]
struct ErrorFields<'a> {
    /// A word for programs.
    code: &'a str,
    /// A sentence for people.
    detail: &'a str,
    /// The field at fault, as the client wrote it.
    field: Option<&'a str>,
    /// The type of the event that was refused, or that caused what failed.
    refused: Option<&'a str>,
    /// Try again after this many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

/// The frame for an event of the type `refused`, or for a frame that is none.
pub(crate) fn encode_problem(
    world: &str,
    target: Option<&str>,
    refused: Option<&str>,
    problem: &Problem,
) -> String {
    let fields = ErrorFields {
        code: problem.code,
        detail: &problem.detail,
        field: problem.field.as_deref(),
        refused,
        retry_after: problem.retry_after,
    };
    encode_from_world(world, ERROR, &problem.detail, target, fields)
}

/// The frame for a run that failed.
pub(crate) fn encode_failure(world: &str, target: Option<&str>, failure: &RunFailure) -> String {
    let fields = ErrorFields {
        code: &failure.code,
        detail: &failure.reason,
        field: None,
        refused: Some(failure.request_type.as_str()),
        retry_after: None,
    };
    encode_from_world(world, ERROR, &failure.reason, target, fields)
}

/// The detail of a frame that has no answer yet. Other doors name what their clients have to repeat it.
const UNANSWERED: &str =
    "the world has not answered yet: what was sent may still happen, and comes back then";

/// The same problem in the words of this door: with its field as the client wrote it, since the world has other
/// names for the fields of a frame, and without advice that its clients can't follow.
pub(crate) fn for_client(problem: Problem) -> Problem {
    let field = problem.field.as_deref().and_then(client_field);
    let field = field.map(str::to_owned);
    let is_unanswered = problem.is_unanswered();
    let problem = Problem { field, ..problem };
    match is_unanswered {
        true => Problem {
            detail: UNANSWERED.to_owned(),
            ..problem
        },
        false => problem,
    }
}

fn client_field(field: &str) -> Option<&str> {
    match field.strip_prefix("events[0].").unwrap_or(field) {
        "type" => Some("event_type"),
        "sender" => Some("sender_id"),
        "target" => Some("target_id"),
        "metadata" => Some("created_at"),
        // The chat message beside the event: its chat follows from the target, its text is the message.
        "message.chat" => Some("target_id"),
        "message.text" => Some("message"),
        // The fields of a payload are fields of the frame here: no single field holds all of it.
        "data" | "events" => None,
        other => Some(other.strip_prefix("data.").unwrap_or(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_as_the_client_wrote_it() {
        for (field, expected) in [
            ("events[0].type", Some("event_type")),
            ("events[0].target", Some("target_id")),
            ("sender", Some("sender_id")),
            ("events[0].data.message", Some("message")),
            ("events[0].data.new_position.x", Some("new_position.x")),
            ("events[0].data", None),
            ("events[0].description", Some("description")),
            ("events[0].metadata", Some("created_at")),
            ("message.chat", Some("target_id")),
            ("message.text", Some("message")),
            ("message", Some("message")),
            ("events[0].data.message.text", Some("message.text")),
            ("target_id", Some("target_id")),
        ] {
            assert_eq!(client_field(field), expected, "{field}");
        }
    }
}
