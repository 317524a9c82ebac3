//! Frames of each door that are taken, and frames with a value that is not what it must be.

use super::frames::Codes;

const INVALID: Codes = &["invalid"];

pub(super) const NATIVE: &[&str] = &[
    r#"{"type":"ping","ref":"r"}"#,
    r#"{"type":"post_message","ref":"r","chat":"main","sender":"guest","text":"hello"}"#,
    r#"{"type":"send_events","ref":"r","sender":"guest","idempotency_key":"key","events":[{"type":"test.n","target":"bob","data":{"n":1}}]}"#,
    r#"{"type":"request_action","ref":"r","sender":"guest","action":"none","agent":"bob"}"#,
    r#"{"type":"cancel","ref":"r","invocation":"018f0000-0000-7000-8000-000000000001"}"#,
    r#"{"type":"stop_chat","ref":"r","chat":"main"}"#,
    r#"{"type":"request_interaction","ref":"r","requester":"guest","targets":["bob"],"action":"process","samples":["x"],"timeout_seconds":1}"#,
    r#"{"type":"cancel_interaction","ref":"r","interaction":"018f0000-0000-7000-8000-000000000001"}"#,
    r#"{"type":"complete_interaction","ref":"r","interaction":"018f0000-0000-7000-8000-000000000001","target":"bob","ok":true}"#,
];

pub(super) const NATIVE_INVALID: &[(&str, Codes)] = &[
    ("{}", INVALID),
    (r#"{"type":"dance"}"#, INVALID),
    (r#"{"type":7}"#, INVALID),
    (r#"{"type":"ping","ref":{}}"#, INVALID),
    (r#"{"type":"ping","ref":"a","more":1}"#, INVALID),
    (
        r#"{"type":"post_message","chat":"main","sender":"guest"}"#,
        INVALID,
    ),
    (
        r#"{"type":"post_message","chat":"main","sender":"guest","text":5}"#,
        INVALID,
    ),
    (
        r#"{"type":"post_message","chat":["main"],"sender":"guest","text":"x"}"#,
        INVALID,
    ),
    (
        r#"{"type":"post_message","chat":"main","sender":"a b","text":"x"}"#,
        INVALID,
    ),
    (
        r#"{"type":"post_message","chat":"none","sender":"guest","text":"x"}"#,
        &["unknown_chat"],
    ),
    (
        r#"{"type":"send_events","sender":"guest","events":{}}"#,
        INVALID,
    ),
    (
        r#"{"type":"send_events","sender":"guest","events":[5]}"#,
        INVALID,
    ),
    (
        r#"{"type":"send_events","sender":"guest","events":[{"type":"a b","data":1}]}"#,
        INVALID,
    ),
    (
        r#"{"type":"send_events","sender":"guest","events":[{"type":"world.created","data":1}]}"#,
        &["reserved_type"],
    ),
    (
        r#"{"type":"send_events","sender":"nobody","events":[{"type":"test.n","data":1}]}"#,
        &["unknown_entity"],
    ),
    (r#"{"type":"request_action","action":7}"#, INVALID),
    (r#"{"type":"cancel","invocation":"x"}"#, INVALID),
    (r#"{"type":"stop_chat","chat":null}"#, INVALID),
    (
        r#"{"type":"request_interaction","requester":"guest","targets":"bob"}"#,
        INVALID,
    ),
    (
        r#"{"type":"complete_interaction","interaction":1e300,"target":"bob","ok":"yes"}"#,
        INVALID,
    ),
];

pub(super) const GENWORLDS: &[&str] = &[
    r#"{"event_type":"test.n","description":"It happens.","summary":null,"sender_id":"guest","target_id":"bob"}"#,
    r#"{"event_type":"test.n","sender_id":"bob","created_at":"2023-10-09T12:56:42.000001","message":"hello","rows":[[1.0,null]]}"#,
];

pub(super) const GENWORLDS_INVALID: &[(&str, Codes)] = &[
    ("{}", INVALID),
    (r#"{"event_type":"test.n"}"#, INVALID),
    (r#"{"event_type":7,"sender_id":"guest"}"#, INVALID),
    (r#"{"event_type":"a b","sender_id":"guest"}"#, INVALID),
    (r#"{"event_type":"test.n","sender_id":["guest"]}"#, INVALID),
    (
        r#"{"event_type":"test.n","sender_id":"guest","target_id":{}}"#,
        INVALID,
    ),
    (
        r#"{"event_type":"test.n","sender_id":"guest","description":1}"#,
        INVALID,
    ),
    (
        r#"{"event_type":"test.n","sender_id":"guest","summary":[]}"#,
        INVALID,
    ),
    (
        r#"{"event_type":"test.n","sender_id":"guest","note":NaN}"#,
        INVALID,
    ),
    (
        r#"{"event_type":"world.created","sender_id":"guest"}"#,
        &["reserved_type"],
    ),
];

pub(super) const ATOMS: &[&str] = &[
    r#"{"type":"my.type","id":"a","timestamp":"2026-01-01T00:00:00Z","metadata":{"k":1},"x":[1,"two",null]}"#,
    r#"{"type":"system.llm.request","id":"b","content":"hello"}"#,
];

pub(super) const ATOMS_INVALID: &[(&str, Codes)] = &[
    ("{}", INVALID),
    (r#"{"type":7}"#, INVALID),
    (r#"{"type":null,"id":"a"}"#, INVALID),
    (r#"{"type":"my.type","metadata":[1]}"#, INVALID),
    (r#"{"type":"my.type","metadata":"text"}"#, INVALID),
];
