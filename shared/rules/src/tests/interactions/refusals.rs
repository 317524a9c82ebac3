//! Requests that are refused: each names the field at fault, and nothing happens.

use contract::Rejection;
use contract::RejectionCode::{self, Invalid, UnknownEntity, UnknownStream};

use super::*;
use crate::tests::hash;

fn refused(body: &str) -> Rejection {
    let mut story = story();
    let before = hash(&story.world);
    let new: NewInteraction = serde_json::from_str(body).unwrap();
    let refused = story.send("guest", Command::RequestInteraction(new));
    let rejection = refused.expect_err(body);
    assert_eq!(hash(&story.world), before, "{body}");
    rejection
}

/// What is behind `{"action": "process", "targets":`, how it is refused, and the field at fault.
const TABLE: &[(&str, RejectionCode, &str)] = &[
    (r"[]}", Invalid, "targets"),
    (r#"["w", "nobody"]}"#, UnknownEntity, "targets[1]"),
    (r#"["role:student"]}"#, UnknownEntity, "targets[0]"),
    (r#"["a b"]}"#, Invalid, "targets[0]"),
    (r#"["role:a b"]}"#, Invalid, "targets[0]"),
    (r#"["w"], "steps": 0}"#, Invalid, "steps"),
    (r#"["w"], "steps": 2}"#, Invalid, "steps"),
    (r#"["w"], "steps": 2, "samples": [1]}"#, Invalid, "samples"),
    (r#"["w"], "samples": []}"#, Invalid, "samples"),
    (r#"["w"], "samples": {}}"#, Invalid, "samples"),
    (r#"["w"], "samples": 7}"#, Invalid, "samples"),
    (r#"["w"], "samples": {"x": []}}"#, Invalid, "samples"),
    (
        r#"["w"], "samples": {"x": [1]}}"#,
        UnknownStream,
        "samples.x",
    ),
    (r#"["w"], "arguments": [1]}"#, Invalid, "arguments"),
    (
        r#"["w"], "volatile": true, "callback": "show"}"#,
        Invalid,
        "callback",
    ),
    (r#"["w"], "callback": "show"}"#, Invalid, "callback"),
    (
        r#"["w"], "deadline": "1970-01-01T00:00:01Z"}"#,
        Invalid,
        "deadline",
    ),
    (
        r#"["w"], "streams": {"stdin": ["x"]}}"#,
        Invalid,
        "streams.stdin[0]",
    ),
    (
        r#"["w"], "streams": {"stdext": ["a:x"]}}"#,
        UnknownStream,
        "streams.stdext[0]",
    ),
    (
        r#"["w"], "samples": [1], "streams": {"stdin": ["a:x"]}}"#,
        Invalid,
        "samples",
    ),
];

#[test]
fn a_bad_request_names_its_field() {
    for (rest, code, field) in TABLE {
        let body = format!(r#"{{"action": "process", "targets": {rest}"#);
        let rejection = refused(&body);
        assert_eq!(rejection.code, *code, "{body}");
        assert_eq!(rejection.field.as_deref(), Some(*field), "{body}");
    }
    let nothing = refused(r#"{"targets": ["w"]}"#);
    assert_eq!(nothing.field.as_deref(), Some("samples"));
}
