//! Actions that workers do.

use contract::{Chat, Command};
use serde_json::{Value, json};

use super::super::super::{Story, post};
use super::super::outcomes::{ends, worker};
use super::super::story;
use super::Row;

pub(super) const ROWS: &[Row] = &[
    ("process", a_sample_is_processed, the_processor_fails),
    ("learn", a_lesson_is_learned, the_learner_fails),
    ("respond", a_message_is_answered, an_answer_fails),
];

fn requested(action: &str, streams: Value, machine: Value) -> Story {
    let mut story = story(&[("w", "worker", machine)]);
    if !streams.is_null() {
        super::super::declare(&mut story, "w:lesson");
        super::super::append(&mut story, "w:lesson", &[json!("a")]);
    }
    let mut request = json!({"action": action, "targets": ["w"]});
    if streams.is_null() {
        request["samples"] = json!(["a"]);
    } else {
        request["streams"] = streams;
    }
    story.asks("guest", request);
    assert_eq!(story.open().len(), 1);
    story
}

fn a_sample_is_processed() -> Story {
    let mut story = requested("process", Value::Null, worker());
    story.next_writes(&[json!("b")]);
    let written = story.world.streams.get(&"w:processor".parse().unwrap());
    assert_eq!(written.unwrap().length(), 1);
    story
}

fn the_processor_fails() -> Story {
    let mut story = requested("process", Value::Null, worker());
    let run = story.open()[0];
    story.fails(run, "broken");
    assert_eq!(ends(&story)[0].1, "failed");
    assert_eq!(story.state("w"), "ready");
    story
}

fn lesson() -> Story {
    let student = json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": "learn", "ready": false, "to": "b", "on_failure": "c"}]},
        "b": {}, "c": {}}});
    let streams = json!({"stdin": ["w:lesson"], "stdtar": ["w:lesson"]});
    requested("learn", streams, student)
}

fn a_lesson_is_learned() -> Story {
    let mut story = lesson();
    story.next_writes(&[json!("a")]);
    assert_eq!(story.state("w"), "b");
    story
}

fn the_learner_fails() -> Story {
    let mut story = lesson();
    let run = story.open()[0];
    story.fails(run, "broken");
    assert_eq!(story.state("w"), "c");
    story
}

fn talk() -> Story {
    let talker = json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": "respond", "ready": false, "to": "b", "on_failure": "c"}]},
        "b": {}, "c": {}}});
    let mut story = story(&[("w", "worker", talker)]);
    let chat = Chat::new("main".parse().unwrap());
    story.send("world", Command::CreateChat(chat)).unwrap();
    story.send("guest", post("hello")).unwrap();
    story
}

fn a_message_is_answered() -> Story {
    let mut story = talk();
    let run = story.open()[0];
    story.answer(run, "good day").unwrap();
    assert_eq!(story.state("w"), "b");
    story
}

fn an_answer_fails() -> Story {
    let mut story = talk();
    let run = story.open()[0];
    story.fails(run, "broken");
    assert_eq!(story.state("w"), "c");
    story
}
