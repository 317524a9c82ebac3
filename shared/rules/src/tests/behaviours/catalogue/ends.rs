//! Whether what was requested has ended.

use serde_json::json;

use super::super::super::Story;
use super::super::outcomes::worker;
use super::super::story;
use super::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "all_sent_completed",
        || ended("all_sent_completed"),
        || open("all_sent_completed"),
    ),
    (
        "all_asked_finished",
        || ended("all_asked_finished"),
        || open("all_asked_finished"),
    ),
    (
        "received_some_asked_data",
        || received("received_some_asked_data"),
        || nothing_received("received_some_asked_data"),
    ),
    (
        "on_received",
        || received("on_received"),
        || nothing_received("on_received"),
    ),
];

/// A client that has sent a request and waits for a guard.
fn waiting(guard: &str) -> Story {
    let client = json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
            "target": ["v", "w"], "data_samples": ["x"]}}]},
        "b": {"transitions": [{"action": guard, "to": "c"}]}, "c": {}}});
    let story = story(&[
        ("v", "worker", worker()),
        ("w", "worker", worker()),
        ("c", "client", client),
    ]);
    assert_eq!(story.state("c"), "b");
    story
}

/// All targets have ended, one of them with a failure.
fn ended(guard: &str) -> Story {
    let mut story = waiting(guard);
    story.next_writes(&[json!(1)]);
    assert_eq!(story.state("c"), "b");
    let run = story.open()[0];
    story.fails(run, "broken");
    assert_eq!(story.state("c"), "c");
    story
}

fn open(guard: &str) -> Story {
    let mut story = waiting(guard);
    story.next_writes(&[json!(1)]);
    assert!(!story.uses("c", guard, json!({})));
    assert_eq!(story.state("c"), "b");
    story
}

fn received(guard: &str) -> Story {
    let mut story = waiting(guard);
    story.next_writes(&[json!(1)]);
    assert_eq!(story.state("c"), "c");
    story
}

fn nothing_received(guard: &str) -> Story {
    let mut story = waiting(guard);
    assert!(!story.uses("c", guard, json!({})));
    assert!(!story.uses("guest", guard, json!({})));
    assert_eq!(story.state("c"), "b");
    story
}
