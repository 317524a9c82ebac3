//! Requests that a state accepts, or not.

use serde_json::{Value, json};

use super::{all_types, story};

/// A worker that enters `ready` by a request of `nop`.
fn elsewhere() -> Value {
    json!({
        "initial": "away",
        "states": {
            "away": {"transitions": [{"action": "nop", "ready": false, "to": "ready"}]},
            "ready": {"transitions": [
                {"action": "process", "ready": false, "to": "ready"},
                {"action": "nop", "ready": false, "to": "away", "args": {"message": "go"}},
            ]},
        },
    })
}

#[test]
fn a_request_waits_for_a_state_that_accepts_it() {
    let mut story = story(&[("w", "worker", elsewhere())]);
    let id = story.asks(
        "guest",
        json!({"action": "process", "targets": ["w"], "samples": ["hi"]}),
    );
    assert!(story.open().is_empty());
    assert_eq!(story.behaviour("w").requests, 1);
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    assert_eq!(story.state("w"), "ready");
    assert_eq!(story.open().len(), 1);
    let events = story.next_writes(&[json!("echo hi")]);
    let types = super::types(&events);
    assert_eq!(
        types,
        [
            "stream.declared",
            "stream.appended",
            "action.completed",
            "interaction.ended",
            "behaviour.transitioned"
        ]
    );
    assert!(story.world.interactions.get(id).is_none());
    story.replays();
}

#[test]
fn client_and_worker() {
    let client = json!({
        "initial": "ask",
        "states": {
            "ask": {"transitions": [{
                "action": "send",
                "args": {"action_name": "process", "target": "w",
                         "data_samples": ["question"], "wait_completion": true, "timeout": 30},
                "to": "got", "on_failure": "lost",
            }]},
            "got": {}, "lost": {},
        },
    });
    for (fails, expected) in [(false, "got"), (true, "lost")] {
        let mut story = story(&[
            ("w", "worker", elsewhere()),
            ("c", "client", client.clone()),
        ]);
        assert_eq!(story.state("c"), "ask");
        if fails {
            story.wakes_after(31.0);
        } else {
            story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
            story.next_writes(&[json!("answer")]);
        }
        assert_eq!(story.state("c"), expected, "{:?}", all_types(&story));
        story.replays();
    }
}

#[test]
fn pairing() {
    let teacher = json!({
        "initial": "searching",
        "states": {
            "searching": {"transitions": [
                {"action": "connect_by_role", "args": {"role": "student"}, "to": "connected"}]},
            "connected": {"transitions": [
                {"action": "agents_are_waiting", "to": "connected"},
                {"action": "find_agents", "args": {"role": "student", "handshake_completed": true},
                 "to": "can_engage"}]},
            "can_engage": {"transitions": [{"action": "send_engage", "to": "paired"}]},
            "paired": {},
        },
    });
    let student = json!({
        "initial": "init",
        "states": {
            "init": {"transitions": [{"action": "engage", "args": {"acceptable_role": "teacher"},
                                      "ready": false, "to": "engaged"}]},
            "engaged": {"transitions": [{"action": "disengage", "ready": false, "to": "init"}]},
        },
    });
    let mut story = story(&[("t", "teacher", teacher), ("s", "student", student)]);
    story.wakes_after(0.1);
    assert_eq!(story.state("t"), "paired", "{:?}", all_types(&story));
    assert_eq!(story.state("s"), "engaged");
    assert_eq!(story.behaviour("t").engaged.len(), 1);
    assert_eq!(story.behaviour("s").engaged.len(), 1);
    story.replays();
}
