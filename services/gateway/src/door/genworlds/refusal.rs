//! What a client is told when a frame of its is refused, or what it asked for fails. Nobody else hears
//! of it.

use serde::Serialize;

use super::requests::Failure;
use super::told;
use crate::problem::Problem;

/// The type of the frame.
pub(super) const ERROR: &str = "error";

#[derive(Serialize)]
struct Fault<'a> {
    /// A word for programs.
    code: &'a str,
    /// A sentence for people.
    detail: &'a str,
    /// The field at fault, as the client wrote it.
    field: Option<&'a str>,
    /// The type of the event that was refused, or that asked for what failed.
    refused: Option<&'a str>,
    /// Try again after this many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

/// The frame that says why something was refused; `refused` is the type of the event.
pub(super) fn frame(
    world: &str,
    target: Option<&str>,
    refused: Option<&str>,
    problem: &Problem,
) -> String {
    let fault = Fault {
        code: problem.code,
        detail: &problem.detail,
        field: problem.field.as_deref(),
        refused,
        retry_after: problem.retry_after,
    };
    told::by_world(world, ERROR, &problem.detail, target, fault)
}

/// The frame that says that what an event asked for has failed.
pub(super) fn failure(world: &str, target: Option<&str>, failure: &Failure) -> String {
    let fault = Fault {
        code: &failure.code,
        detail: &failure.reason,
        field: None,
        refused: Some(failure.asked.as_str()),
        retry_after: None,
    };
    told::by_world(world, ERROR, &failure.reason, target, fault)
}

/// The same problem, with its field as the client wrote it: the world knows the fields of a frame
/// under other names.
pub(super) fn as_written(problem: Problem) -> Problem {
    let field = problem.field.as_deref().and_then(field_as_written);
    let field = field.map(str::to_owned);
    Problem { field, ..problem }
}

fn field_as_written(field: &str) -> Option<&str> {
    match field.strip_prefix("events[0].").unwrap_or(field) {
        "type" => Some("event_type"),
        "sender" => Some("sender_id"),
        "target" => Some("target_id"),
        "metadata" => Some("created_at"),
        // Where and what is said beside the event: to its target, and what its message says.
        "message.chat" => Some("target_id"),
        "message.text" => Some("message"),
        // What an event holds stands beside the rest here: no field has all of it.
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
            assert_eq!(field_as_written(field), expected, "{field}");
        }
    }
}
