//! In which order a machine makes its transitions, and when.

use contract::behaviour::CustomAction;
use contract::{Command, EntityId};
use serde_json::{Value, json};

use super::super::Story;
use super::{all_types, story};

fn states(states: Value) -> Value {
    json!({"initial": "a", "states": states})
}

#[test]
fn of_two_solid_transitions_the_first_that_is_true_is_made() {
    let story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [
                {"action": "check_pref_stream", "to": "b"},
                {"action": "nop", "to": "c"},
            ]},
            "b": {}, "c": {},
        })),
    )]);
    assert_eq!(story.state("w"), "c");
}

#[test]
fn a_delay_counts_from_when_the_state_was_entered() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [{"action": "nop", "delay_seconds": 0.3, "to": "b"}]},
            "b": {},
        })),
    )]);
    story.wakes_after(0.2);
    assert_eq!(story.state("w"), "a");
    story.wakes_after(0.2);
    assert_eq!(story.state("w"), "b");
    assert_eq!(story.world.next_due(), None);
    story.replays();
}

#[test]
fn while_a_state_waits_only_requests_lead_out_of_it() {
    let waits = states(json!({
        "a": {"wait_seconds": 5, "transitions": [
            {"action": "nop", "ready": false, "args": {"message": "x"}, "to": "c"},
            {"action": "nop", "to": "b"},
        ]},
        "b": {}, "c": {},
    }));
    let mut story = story(&[("w", "worker", waits.clone()), ("v", "worker", waits)]);
    assert_eq!(story.state("w"), "a");
    story.asks(
        "guest",
        json!({"action": "nop", "targets": ["v"], "arguments": {"message": "x"}}),
    );
    assert_eq!(story.state("v"), "c");
    story.wakes_after(5.0);
    assert_eq!(story.state("w"), "b");
    story.replays();
}

#[test]
fn a_failed_action_is_retried_alone_for_its_time() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [
                {"action": "check_pref_stream", "retry_seconds": 0.2, "to": "b"},
                {"action": "nop", "to": "c"},
            ]},
            "b": {}, "c": {},
        })),
    )]);
    assert_eq!(story.state("w"), "a");
    story.wakes_after(0.1);
    assert_eq!(story.state("w"), "a");
    story.wakes_after(0.2);
    assert_eq!(story.state("w"), "c");
    story.replays();
}

#[test]
fn a_self_loop_without_a_wait_is_made_once_per_change() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [{"action": "nop", "to": "a"}]},
        })),
    )]);
    let count = |story: &Story| {
        let types = all_types(story);
        types
            .iter()
            .filter(|name| *name == "behaviour.transitioned")
            .count()
    };
    assert_eq!(count(&story), 1);
    story.wakes_after(60.0);
    assert_eq!(count(&story), 1);
    assert_eq!(story.world.next_due(), None);
}

#[test]
fn a_loop_over_states_pauses_the_machine_with_a_reason() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [{"action": "nop", "to": "b"}]},
            "b": {"transitions": [{"action": "nop", "to": "a"}]},
        })),
    )]);
    story.wakes_after(1.0);
    let behaviour = story.behaviour("w");
    assert!(behaviour.paused);
    assert!(behaviour.pause_reason.unwrap().contains("256 transitions"));
    for commit in &story.log {
        let events = commit.events.iter();
        let made = events.filter(|event| event.event_type.as_str() == "behaviour.transitioned");
        assert!(made.count() <= 64);
    }
    assert_eq!(story.world.next_due(), None);
    story.replays();
}

#[test]
fn two_machines_that_request_for_ever_are_paused() {
    let of = |other: &str| {
        states(json!({
            "a": {"transitions": [
                {"action": "nop", "ready": false, "args": {"message": "m"}, "to": "b"}]},
            "b": {"transitions": [{"action": "send", "to": "a", "args": {
                "action_name": "nop", "target": other, "volatile": true,
                "action_kwargs": {"message": "m"}}}]},
        }))
    };
    let mut story = story(&[("v", "worker", of("w")), ("w", "worker", of("v"))]);
    story.asks(
        "guest",
        json!({"action": "nop", "targets": ["w"], "arguments": {"message": "m"}}),
    );
    story.wakes_after(1.0);
    assert!(story.behaviour("v").paused || story.behaviour("w").paused);
    assert!(story.world.next_due().is_none_or(|due| due > story.now));
    story.replays();
}

/// A machine that serves many requests does not go on for ever: there is an end of them.
#[test]
fn a_long_queue_is_served_to_its_end() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [{"action": "disengage_all", "ready": false, "to": "b"}]},
            "b": {"transitions": [{"action": "nop", "ready": false, "to": "b"}]},
        })),
    )]);
    for _ in 0..1000 {
        story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    }
    assert_eq!(story.behaviour("w").requests, 1000);
    story.asks(
        "guest",
        json!({"action": "disengage_all", "targets": ["w"]}),
    );
    for _ in 0..20 {
        story.wakes_after(0.1);
    }
    let behaviour = story.behaviour("w");
    assert_eq!((behaviour.pause_reason, behaviour.requests), (None, 0));
    story.replays();
}

/// Requests of other machines, each of which something outside is the cause of, are no loop either.
#[test]
fn many_machines_may_request_of_one() {
    let client = states(json!({
        "a": {"transitions": [{"action": "disengage_all", "ready": false, "to": "b"}]},
        "b": {"transitions": [{"action": "send", "to": "a", "args": {
            "action_name": "nop", "target": "w", "wait_completion": true}}]},
    }));
    let server = states(json!({
        "a": {"transitions": [{"action": "nop", "ready": false, "to": "a"}]}}));
    let mut story = story(&[("c", "client", client), ("w", "worker", server)]);
    for _ in 0..300 {
        story.asks(
            "guest",
            json!({"action": "disengage_all", "targets": ["c"]}),
        );
        story.wakes_after(0.1);
    }
    assert_eq!(story.behaviour("w").pause_reason, None);
    assert_eq!(story.world.interactions.len(), 0);
    story.replays();
}

#[test]
fn high_priority_gives_way_to_a_request_after_some_transitions() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [
                {"action": "nop", "high_priority": true, "delay_seconds": 0.001, "to": "b"},
                {"action": "process", "ready": false, "to": "c"},
            ]},
            "b": {"transitions": [
                {"action": "nop", "high_priority": true, "delay_seconds": 0.001, "to": "a"},
                {"action": "process", "ready": false, "to": "c"},
            ]},
            "c": {},
        })),
    )]);
    story.asks(
        "guest",
        json!({"action": "process", "targets": ["w"], "samples": [1]}),
    );
    for _ in 0..40 {
        story.wakes_after(0.002);
    }
    assert_eq!(story.open().len(), 1);
    story.replays();
}

#[test]
fn teleports_are_tried_after_all_others() {
    let mut behaviour = states(json!({
        "a": {"transitions": [{"action": "nop", "to": "b"}]}, "b": {}, "lost": {},
    }));
    behaviour["teleports"] =
        json!([{"from": "all", "action": "nop", "delay_seconds": 1, "to": "lost"}]);
    let mut story = story(&[("w", "worker", behaviour)]);
    assert_eq!(story.state("w"), "b");
    story.wakes_after(1.0);
    assert_eq!(story.state("w"), "lost");
}

#[test]
fn the_action_of_a_state_is_done_when_it_is_entered() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"action": "set_pref_streams", "args": {"net_hashes": ["x", "y"], "repeat": 2},
                  "transitions": [{"action": "nop", "ready": false, "to": "b"}]},
            "b": {"action": "next_pref_stream",
                  "transitions": [{"action": "nop", "ready": false, "to": "b"}]},
        })),
    )]);
    for name in ["x", "y"] {
        super::declare(&mut story, &format!("w:{name}"));
    }
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    assert_eq!(story.behaviour("w").playlist.position, 1);
    // Once for the request, and once since the state is entered again.
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    assert_eq!(story.behaviour("w").playlist.position, 3);
    story.replays();
}

#[test]
fn a_request_that_is_false_lets_others_of_its_action_be_done() {
    let behaviour = states(json!({
        "a": {"transitions": [{"action": "connected", "ready": false, "to": "a"}]},
    }));
    let mut story = story(&[("w", "worker", behaviour), ("v", "worker", json!(null))]);
    let connected = |agent: &str| json!({"action": "connected", "targets": ["w"], "arguments": {"agent": agent}});
    let first = story.asks("guest", connected("guest"));
    let link = json!({"peer_id": "v"});
    let use_action = Command::UseAction {
        action: "connect_to".parse().unwrap(),
        arguments: Some(serde_json::value::to_raw_value(&link).unwrap()),
        interaction: None,
    };
    story.send("w", use_action).unwrap();
    let second = story.asks("guest", connected("v"));
    assert!(story.world.interactions.get(first).is_some());
    assert!(story.world.interactions.get(second).is_none());
    // It is tried again when a link has changed.
    let link = json!({"peer_id": "guest"});
    let use_action = Command::UseAction {
        action: "connect_to".parse().unwrap(),
        arguments: Some(serde_json::value::to_raw_value(&link).unwrap()),
        interaction: None,
    };
    story.send("w", use_action).unwrap();
    assert!(story.world.interactions.get(first).is_none());
    story.replays();
}

#[test]
fn the_action_of_a_state_may_be_done_again_after_a_time() {
    let custom = CustomAction {
        name: "look".parse().unwrap(),
        arguments: None,
        requestable: true,
    };
    let behaviour = states(json!({
        "a": {"action": "look", "transitions": [{"action": "nop", "ready": false, "to": "b"}]},
        "b": {},
    }));
    let mut story = super::story_with(&[("w", "worker", behaviour)], vec![custom]);
    for _ in 0..3 {
        let run = story.open()[0];
        story.completes(run, &json!({"result": false, "again_seconds": 25}), &[]);
        assert!(story.open().is_empty());
        story.wakes_after(20.0);
        assert!(story.open().is_empty());
        story.wakes_after(5.0);
    }
    let run = story.open()[0];
    story.completes(run, &json!(true), &[]);
    story.wakes_after(100.0);
    assert!(story.open().is_empty());
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    assert_eq!(story.state("w"), "b");
    story.replays();
}

#[test]
fn a_paused_machine_makes_no_transition_and_a_step_makes_one() {
    let mut story = story(&[(
        "w",
        "worker",
        states(json!({
            "a": {"transitions": [{"action": "nop", "ready": false, "to": "b"}]},
            "b": {"transitions": [{"action": "nop", "ready": false, "to": "c"}]},
            "c": {},
        })),
    )]);
    let entity: EntityId = "w".parse().unwrap();
    let pause = Command::PauseBehaviour {
        entity: entity.clone(),
    };
    story.send("world", pause).unwrap();
    for _ in 0..2 {
        story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    }
    assert_eq!(story.state("w"), "a");
    let step = Command::ResumeBehaviour {
        entity: entity.clone(),
        once: true,
    };
    story.send("world", step).unwrap();
    assert_eq!(story.state("w"), "b");
    assert!(story.behaviour("w").paused);
    let resume = Command::ResumeBehaviour {
        entity,
        once: false,
    };
    story.send("world", resume).unwrap();
    assert_eq!(story.state("w"), "c");
    story.replays();
}

#[test]
fn a_custom_action_that_is_false_is_tried_again_later() {
    let custom = |name: &str| CustomAction {
        name: name.parse().unwrap(),
        arguments: None,
        requestable: true,
    };
    let behaviour = states(json!({
        "a": {"transitions": [{"action": "look", "to": "b"}]},
        "b": {"transitions": [{"action": "move", "ready": false, "to": "b"}]},
    }));
    let mut story = super::story_with(
        &[("w", "worker", behaviour)],
        vec![custom("look"), custom("move")],
    );
    let run = story.open()[0];
    story.completes(run, &json!(false), &[]);
    assert_eq!(story.state("w"), "a");
    assert!(story.open().is_empty());
    story.wakes_after(1.0);
    let run = story.open()[0];
    story.completes(run, &json!(true), &[]);
    assert_eq!(story.state("w"), "b");
    // The request that fails first lets the second one be done.
    let first = story.asks("guest", json!({"action": "move", "targets": ["w"]}));
    let second = story.asks("guest", json!({"action": "move", "targets": ["w"]}));
    let run = story.open()[0];
    story.completes(run, &json!(false), &[]);
    assert_eq!(story.open().len(), 1);
    let run = story.open()[0];
    story.completes(run, &json!({"result": true}), &[]);
    assert!(story.world.interactions.get(second).is_none());
    assert!(story.world.interactions.get(first).is_some());
    story.wakes_after(1.0);
    let run = story.open()[0];
    story.completes(run, &json!(true), &[]);
    assert!(story.world.interactions.get(first).is_none());
    story.replays();
}

#[test]
fn a_function_gets_what_each_of_several_agents_has_written() {
    let collect = CustomAction {
        name: "collect".parse().unwrap(),
        arguments: None,
        requestable: false,
    };
    let receive = json!({"action": "received_some_asked_data", "args": {"processing_fcn": "collect"}, "to": "b"});
    let client = states(json!({
        "a": {"transitions": [{
            "action": "send",
            "args": {"action_name": "process", "target": ["v", "w"], "data_samples": [1]},
            "to": "b",
        }]},
        "b": {"transitions": [receive, {"action": "all_sent_completed", "to": "c"}]},
        "c": {},
    }));
    let mut story = super::story_with(
        &[
            ("c", "client", client),
            ("v", "worker", super::outcomes::worker()),
            ("w", "worker", super::outcomes::worker()),
        ],
        vec![collect],
    );
    let mut from = Vec::new();
    while let Some(run) = story.open().first().copied() {
        let open = story.world.runs.get(run).unwrap();
        if open.action.as_str() != "collect" {
            story.completes(run, &json!(null), &[json!("out")]);
            continue;
        }
        let arguments = open.arguments.as_ref().unwrap().get();
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        from.push(arguments["agent"].as_str().unwrap().to_owned());
        // The other one writes meanwhile.
        if let Some(other) = story.open().get(1).copied() {
            story.completes(other, &json!(null), &[json!("out")]);
        }
        story.completes(run, &json!(true), &[]);
    }
    from.sort_unstable();
    assert_eq!(from, ["v", "w"]);
    assert_eq!(story.state("c"), "c");
    story.replays();
}
