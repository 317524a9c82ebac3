//! What a client gets when its frame was not taken: `agent.error`.

use bytes::Bytes;
use contract::flow::atoms::{ERROR, ErrorSeverity, agent_error};
use door_kit::Problem;
use serde_json::{Map, Value, json};

use crate::decode::InvalidFrame;
use crate::encode::encode_own;

/// The frame of which an error is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    pub(crate) event_type: Option<String>,
    pub(crate) event_id: Option<String>,
}

/// The error of a frame that is no event.
pub(crate) fn encode_invalid(severity: ErrorSeverity, invalid: &InvalidFrame) -> Bytes {
    let payload = json!({
        "code": invalid.code, "field": invalid.field, "event_type": invalid.event_type,
        "event_id": invalid.event_id,
    });
    error(severity, &invalid.message, &payload)
}

/// The error of an event that the world, or the gateway, has not taken.
pub(crate) fn encode_problem(
    severity: ErrorSeverity,
    problem: &Problem,
    subject: &Subject,
) -> Bytes {
    let field = problem.field.as_deref().map(client_field);
    let payload = json!({
        "code": problem.code, "field": field, "event_type": subject.event_type,
        "event_id": subject.event_id,
    });
    error(severity, &problem.detail, &payload)
}

fn error(severity: ErrorSeverity, message: &str, payload: &Value) -> Bytes {
    encode_own(ERROR, Map::new(), &agent_error(message, severity, payload))
}

/// The name of a field in the client's frame: each frame is sent by itself, and its payload is flat.
fn client_field(field: &str) -> &str {
    let field = field.strip_prefix("events[0].").unwrap_or(field);
    let field = field.strip_prefix("init.").unwrap_or(field);
    field.strip_prefix("data.").unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_field_of_the_frame() {
        let problem = Problem::invalid("init.session_context.conversation_type", "it is one of x");
        let subject = Subject {
            event_type: Some("system.init".to_owned()),
            event_id: None,
        };
        let frame = encode_problem(ErrorSeverity::Fatal, &problem, &subject);
        let frame: Value = serde_json::from_slice(&frame).unwrap();
        assert_eq!(frame["type"], "agent.error");
        assert_eq!(frame["severity"], "fatal");
        assert_eq!(frame["message"], "it is one of x");
        let expected = json!({
            "code": "invalid", "field": "session_context.conversation_type",
            "event_type": "system.init", "event_id": null,
        });
        assert_eq!(frame["payload"], expected);
        assert!(frame["timestamp"].as_str().unwrap().ends_with('Z'));
    }
}
