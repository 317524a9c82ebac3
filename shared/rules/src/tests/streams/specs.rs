//! Streams of a world's description.

use contract::view::ViewRequest;
use contract::{Command, WorldSpec};
use serde_json::{Value, json};

use super::{append, appended, show_request};
use crate::tests::{Story, hash, types};

fn apply(streams: &Value) -> Command {
    let spec = json!({"entities": [{"id": "mic", "kind": "object"}], "streams": streams});
    let spec: WorldSpec = serde_json::from_value(spec).unwrap();
    Command::ApplyWorld(spec)
}

#[test]
fn a_described_stream_gets_its_samples_once() {
    let mut story = Story::begin(&["ada"]);
    let described = json!({
        "mic:level": {"type": "number", "generator": {"sine": {"period": 20, "count": 1000}}},
        "ada:empty": {"type": "text", "public": false},
        "world:words": {"type": "text", "generator": {"list": ["a", "b"]}},
    });
    let events = story.send("world", apply(&described)).unwrap();
    let expected = [
        "entity.created",
        "stream.declared",
        "stream.declared",
        "stream.appended",
        "stream.declared",
        "stream.appended",
    ];
    assert_eq!(types(&events[events.len() - 6..]), expected);
    assert_eq!(
        appended(&events[events.len() - 1..]).values[1].get(),
        "\"b\""
    );
    assert!(story.send("world", apply(&described)).unwrap().is_empty());
    story.send("ada", append("ada:empty", &["\"c\""])).unwrap();
    assert!(story.send("world", apply(&described)).unwrap().is_empty());
    let shown = show_request(&story, &ViewRequest::Whole);
    assert_eq!(shown["streams"]["mic:level"]["length"], 1000);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn a_stream_that_can_not_be_is_refused_with_its_path() {
    let mut story = Story::begin(&["ada"]);
    for (streams, field) in [
        (json!({"eve:x": {"type": "text"}}), "streams.eve:x"),
        (
            json!({"ada:x": {"type": {"tensor": {"shape": []}}}}),
            "streams.ada:x.type.tensor.shape",
        ),
        (
            json!({"ada:x": {"type": "number", "generator": {"sine": {"period": 0, "count": 1}}}}),
            "streams.ada:x.generator.period",
        ),
        (
            json!({"ada:x": {"type": "text", "generator": {"file": {"path": "/etc/passwd"}}}}),
            "streams.ada:x.generator.file",
        ),
        (
            json!({"ada:x": {"type": "number", "generator": {"list": [1, "a"]}}}),
            "streams.ada:x.generator.samples[1]",
        ),
    ] {
        let before = hash(&story.world);
        let refused = story.send("world", apply(&streams)).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field), "{refused}");
        assert_eq!(hash(&story.world), before);
    }
}
