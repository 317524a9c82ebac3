//! What an entity sends to others, and what is done at once.

use serde_json::json;

use super::super::super::Story;
use super::super::outcomes::{ends, once, worker};
use super::super::story;
use super::{Row, refused};

pub(super) const ROWS: &[Row] = &[
    ("send", a_request_is_sent, the_target_is_unknown),
    ("nop", nothing_is_done, || refused("nop", json!({}))),
    ("show", a_request_is_shown, there_is_nothing_to_show),
    (
        "send_subscribe",
        others_are_subscribed,
        nobody_is_subscribed,
    ),
];

fn a_request_is_sent() -> Story {
    let sends = once(
        "send",
        json!({"action_name": "process", "target": "w", "data_samples": ["x"], "wait_completion": true}),
    );
    let mut story = story(&[("w", "worker", worker()), ("c", "client", sends)]);
    story.next_writes(&[json!("y")]);
    assert_eq!(story.state("c"), "done");
    story
}

/// Of several targets, one that is unknown makes it false; nothing is sent.
fn the_target_is_unknown() -> Story {
    let mut story = story(&[("w", "worker", worker()), ("c", "client", json!(null))]);
    let send = json!({"action_name": "process", "target": ["w", "nobody"], "data_samples": ["x"]});
    assert!(!story.uses("c", "send", send));
    assert_eq!(story.world.interactions.len(), 0);
    story
}

fn nothing_is_done() -> Story {
    let story = story(&[("c", "client", once("nop", json!({"message": "hello"})))]);
    assert_eq!(story.state("c"), "done");
    story
}

fn a_request_is_shown() -> Story {
    let shows = json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": "show", "ready": false, "to": "b"}]}, "b": {}}});
    let mut story = story(&[("c", "client", shows)]);
    story.asks("guest", json!({"action": "show", "targets": ["c"]}));
    assert_eq!(story.state("c"), "b");
    story
}

fn there_is_nothing_to_show() -> Story {
    let mut story = story(&[("c", "client", json!(null))]);
    assert!(!story.uses("c", "show", json!({})));
    story
}

fn listener() -> Story {
    let subscribes = json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": "subscribe", "ready": false, "to": "a"}]}}});
    let mut story = story(&[("t", "teacher", json!(null)), ("w", "worker", subscribes)]);
    super::super::declare(&mut story, "t:readings");
    story
}

fn others_are_subscribed() -> Story {
    let mut story = listener();
    let subscribe = json!({"agent": "w", "stream_hashes": ["t:readings"]});
    assert!(story.uses("t", "send_subscribe", subscribe));
    assert_eq!(story.behaviour("w").subscriptions.len(), 1);
    assert_eq!(ends(&story)[0].1, "completed");
    story
}

fn nobody_is_subscribed() -> Story {
    let mut story = listener();
    for arguments in [
        json!({"agent": "nobody", "stream_hashes": ["t:readings"]}),
        json!({"agent": "w", "stream_hashes": []}),
        json!({"agent": "w"}),
        json!({"agent": "w", "stream_hashes": ["no stream"]}),
    ] {
        assert!(!story.uses("t", "send_subscribe", arguments));
    }
    assert!(story.behaviour("w").subscriptions.is_empty());
    story
}
