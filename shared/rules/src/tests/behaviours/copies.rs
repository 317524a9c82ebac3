//! `copy_sys`: an entity passes on what its processor wrote for itself.

use serde_json::{Value, json};

use super::super::Story;
use super::outcomes::worker;
use super::{append, declare, story};

/// An agent that processes its own stream and what others request, and forwards on request.
fn forwarder(send: Value) -> Story {
    let machine = json!({"initial": "a", "states": {
        "a": {"transitions": [
            {"action": "process", "to": "a"},
            {"action": "nop", "ready": false, "to": "b"}]},
        "b": {"transitions": [
            {"action": "process", "ready": false, "to": "b"},
            {"action": "nop", "ready": false, "to": "c"}]},
        "c": {"transitions": [{"action": "send", "args": send, "to": "done"}]},
        "done": {}}});
    let mut story = story(&[("w", "worker", worker()), ("f", "forwarder", machine)]);
    declare(&mut story, "f:own");
    let own = json!({"stream_owners": ["f"], "stream_props": ["own"]});
    assert!(story.uses("f", "subscribe", own));
    story
}

fn send() -> Value {
    json!({"action_name": "process", "target": "w", "copy_sys": true})
}

/// The stream and position that the worker reads.
fn read_by_worker(story: &Story) -> (String, u64) {
    let worker = "w".parse().unwrap();
    let mut open = story.world.interactions.of_target(&worker);
    let (_, interaction, _) = open.next().unwrap();
    let bound = interaction.request.streams.iter().next().unwrap();
    (bound.stream.to_string(), bound.from)
}

fn moves(story: &mut Story) {
    story.asks("guest", json!({"action": "nop", "targets": ["f"]}));
}

#[test]
fn what_was_written_for_others_is_not_passed_on() {
    for streams in [Value::Null, json!(["f:processor"])] {
        let mut args = send();
        if !streams.is_null() {
            args["streams"] = streams;
        }
        let mut story = forwarder(args);
        append(&mut story, "f:own", &[json!("mine")]);
        story.next_writes(&[json!("for me")]);
        moves(&mut story);
        assert_eq!(story.state("f"), "b");
        story.asks(
            "guest",
            json!({"action": "process", "targets": ["f"], "samples": ["x"]}),
        );
        story.next_writes(&[json!("for the guest")]);
        moves(&mut story);
        assert_eq!(story.state("f"), "done");
        assert_eq!(read_by_worker(&story), ("f:processor".to_owned(), 0));
        story.replays();
    }
}

#[test]
fn who_wrote_nothing_for_itself_has_nothing_to_pass_on() {
    let mut story = forwarder(send());
    moves(&mut story);
    story.asks(
        "guest",
        json!({"action": "process", "targets": ["f"], "samples": ["x"]}),
    );
    story.next_writes(&[json!("for the guest")]);
    moves(&mut story);
    assert_eq!(story.state("f"), "c");
    story.replays();
}
