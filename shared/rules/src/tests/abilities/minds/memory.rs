//! What an agent remembers, word for word and in short.

use contract::Command;
use contract::mind::{MindUpdate, Summary};
use contract::run::RunResult;
use serde_json::json;

use super::super::super::{Story, context, hash, types};
use super::super::{draft, id};
use super::minded;

fn story_with(memory: &serde_json::Value) -> Story {
    let mut story = Story::begin(&[]);
    let mind = json!({"memory": memory, "ignores": ["a.noise"]});
    story.add(minded("ada", &mind));
    story
}

impl Story {
    fn send_word(&mut self, number: usize) -> Vec<contract::Event> {
        let event = draft("a.word", None, &json!(number));
        self.emit("guest", event).unwrap()
    }

    fn remembered(&self) -> Vec<String> {
        let memory = self.mind("ada").memory.into_iter();
        memory.map(|event| event.data.get().to_owned()).collect()
    }
}

#[test]
fn an_agent_remembers_what_is_for_it() {
    let mut story = story_with(&json!({"events": 3}));
    for (sender, event_type, target, number) in [
        ("guest", "a.word", Some("ada"), 1),
        ("guest", "a.word", None, 2),
        ("guest", "a.word", Some("guest"), 3),
        ("ada", "a.word", Some("guest"), 4),
        ("guest", "a.noise", Some("ada"), 5),
    ] {
        let event = draft(event_type, target, &json!(number));
        story.emit(sender, event).unwrap();
    }
    assert_eq!(story.remembered(), ["1", "2", "4"]);
    story.send_word(6);
    assert_eq!(story.remembered(), ["2", "4", "6"]);
    let forget = Command::ForgetMemory { agent: id("ada") };
    story.send("guest", forget).unwrap();
    assert!(story.remembered().is_empty());
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn a_memory_is_bounded_in_bytes() {
    let mut story = story_with(&json!({"events": 200}));
    for _ in 0..200 {
        let event = draft("a.word", None, &json!("x".repeat(3000)));
        story.emit("guest", event).unwrap();
    }
    let memory = story.remembered();
    let bytes: usize = memory.iter().map(String::len).sum();
    assert!(memory.len() > 20 && bytes <= 128 * 1024, "{bytes}");
}

#[test]
fn what_is_more_than_an_agent_remembers_is_summed_up() {
    let mut story = story_with(&json!({"events": 2, "paragraphs": 1}));
    for number in 1..=3 {
        assert_eq!(types(&story.send_word(number)), ["a.word"]);
    }
    assert_eq!(types(&story.send_word(4)), ["a.word", "action.requested"]);
    assert_eq!(story.runs(), ["ada summarise"]);
    let (run, situation) = story.situation();
    let until = situation.memory.last().unwrap().id;
    let read: Vec<&str> = situation.memory.iter().map(|e| e.data.get()).collect();
    assert_eq!(read, ["1", "2"]);
    assert!(context(&story.world, run).unwrap().offers.is_empty());
    // What arrives meanwhile is not in the summary, and stays.
    story.send_word(5);
    let text = "one and two".to_owned();
    let thought = MindUpdate {
        summary: Some(Summary { text, until }),
        ..MindUpdate::default()
    };
    let completed = RunResult {
        thought: Some(thought),
        ..RunResult::default()
    };
    let events = story.done(run, completed).unwrap();
    assert_eq!(types(&events), ["agent.summarised", "action.completed"]);
    assert_eq!(story.remembered(), ["3", "4", "5"]);
    assert_eq!(story.mind("ada").summary, "one and two");
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn a_summary_that_fails_is_tried_again_later_and_nothing_grows_without_end() {
    let mut story = story_with(&json!({"events": 2, "paragraphs": 1}));
    let mut requested = 0;
    for number in 0..100 {
        story.send_word(number);
        if let [run] = story.open()[..] {
            story.fail(run);
            requested += 1;
        }
        assert!(story.remembered().len() <= 8);
    }
    assert!((30..60).contains(&requested), "{requested}");
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn what_happens_while_much_is_summed_up_is_summed_up_next() {
    let mut story = story_with(&json!({"events": 2, "paragraphs": 1}));
    (0..4).for_each(|number| drop(story.send_word(number)));
    let (run, situation) = story.situation();
    let until = situation.memory.last().unwrap().id;
    (4..14).for_each(|number| drop(story.send_word(number)));
    let thought = MindUpdate {
        summary: Some(Summary {
            text: "ok".into(),
            until,
        }),
        ..MindUpdate::default()
    };
    let completed = RunResult {
        thought: Some(thought),
        ..RunResult::default()
    };
    story.done(run, completed).unwrap();
    assert_eq!(story.runs(), ["ada summarise"]);
}

#[test]
fn events_of_any_size_are_summed_up_before_they_are_forgotten() {
    for (events, size) in [(200, 80), (50, 1100), (20, 3200), (1, 10)] {
        let mut story = story_with(&json!({"events": events, "paragraphs": 3}));
        let mut read = 0;
        for _ in 0..600 {
            let event = draft("a.word", None, &json!("x".repeat(size)));
            story.emit("guest", event).unwrap();
            if let [run] = story.open()[..] {
                let (_, situation) = story.situation();
                read += situation.memory.len();
                let last = situation.memory.last().unwrap().id;
                let thought = MindUpdate {
                    summary: Some(Summary {
                        text: "so".into(),
                        until: last,
                    }),
                    ..MindUpdate::default()
                };
                let completed = RunResult {
                    thought: Some(thought),
                    ..RunResult::default()
                };
                story.done(run, completed).unwrap();
            }
        }
        let left = story.remembered().len();
        assert_eq!(
            read + left,
            600,
            "{events} of {size}: none is forgotten unread"
        );
    }
}

#[test]
fn what_an_agent_thinks_is_bounded() {
    let mut story = super::begun(&super::rings());
    for number in 0..8 {
        story.ring(1);
        let thought = MindUpdate {
            thoughts: [(format!("t{number}"), "x".repeat(60 * 1024))].into(),
            sleeps: true,
            ..MindUpdate::default()
        };
        let completed = RunResult {
            thought: Some(thought),
            ..RunResult::default()
        };
        story.done(story.open()[0], completed).unwrap();
    }
    let thoughts = story.mind("ada").thoughts;
    let names: Vec<&str> = thoughts.keys().map(String::as_str).collect();
    assert_eq!(names, ["t0"]);
}
