//! Subscriptions and recordings.

use contract::stream::PutStream;
use contract::{Command, StreamType};
use serde_json::json;

use super::super::super::Story;
use super::super::{append, declare, story};
use super::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "subscribe",
        a_stream_is_subscribed_to,
        the_stream_is_not_public,
    ),
    ("record", samples_are_recorded, there_are_too_few_samples),
];

fn publisher() -> Story {
    let mut story = story(&[("t", "teacher", json!(null)), ("w", "worker", json!(null))]);
    declare(&mut story, "t:readings");
    story
}

/// By names, by their properties, and by these as text.
fn a_stream_is_subscribed_to() -> Story {
    let mut story = publisher();
    for props in [
        json!(["readings"]),
        json!({"name": "readings"}),
        json!("{\"name\": \"readings\"}"),
    ] {
        let arguments = json!({"stream_owners": ["t"], "stream_props": props});
        assert!(story.uses("w", "subscribe", arguments), "{props}");
        let arguments = json!({"stream_owners": "t", "stream_props": props, "unsubscribe": true});
        assert!(story.uses("w", "subscribe", arguments), "{props}");
    }
    story
}

fn the_stream_is_not_public() -> Story {
    let mut story = publisher();
    let secret = Command::PutStream(PutStream {
        stream: "t:secret".parse().unwrap(),
        stream_type: StreamType::Json,
        public: false,
        range: None,
    });
    story.send("t", secret).unwrap();
    for (owners, props) in [
        (json!(["t"]), json!(["secret"])),
        (json!(["t"]), json!(["unknown"])),
        (json!([]), json!(["readings"])),
        (json!(["t"]), json!([])),
    ] {
        let arguments = json!({"stream_owners": owners, "stream_props": props});
        assert!(!story.uses("w", "subscribe", arguments), "{owners} {props}");
    }
    story
}

fn samples_are_recorded() -> Story {
    let mut story = publisher();
    append(&mut story, "t:readings", &[json!(1), json!(2), json!(3)]);
    let arguments = json!({"streams": ["t:readings"], "num_steps": 2});
    assert!(story.uses("w", "record", arguments));
    let recorded = story.world.streams.get(&"w:recorded1".parse().unwrap());
    assert_eq!(recorded.unwrap().length(), 2);
    story
}

fn there_are_too_few_samples() -> Story {
    let mut story = publisher();
    append(&mut story, "t:readings", &[json!(1)]);
    for arguments in [
        json!({"streams": ["t:readings"], "num_steps": 2}),
        json!({"streams": ["t:unknown"], "num_steps": 1}),
        json!({}),
    ] {
        assert!(!story.uses("w", "record", arguments.clone()), "{arguments}");
    }
    story
}
