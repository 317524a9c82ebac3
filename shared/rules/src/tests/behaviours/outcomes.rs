//! How requests end, and what the requester's machine makes of it.

use contract::view::{GetInteraction, GetView};
use serde_json::{Value, json};

use super::super::Story;
use super::{all_types, story};
use crate::view;

/// A worker that accepts `process` at once.
pub(super) fn worker() -> Value {
    json!({
        "initial": "ready",
        "states": {"ready": {"transitions": [{"action": "process", "ready": false, "to": "ready"}]}},
    })
}

/// A machine that makes one transition with this action, and stays where it leads.
pub(super) fn once(action: &str, args: Value) -> Value {
    json!({
        "initial": "a",
        "states": {"a": {"transitions": [{"action": action, "args": args, "to": "done"}]}, "done": {}},
    })
}

pub(super) fn ends(story: &Story) -> Vec<(String, String, Option<String>)> {
    let events = story.log.iter().flat_map(|commit| &commit.events);
    let ended = events.filter(|event| event.event_type.as_str() == "interaction.ended");
    ended
        .map(|event| {
            let data: Value = serde_json::from_str(event.data.get()).unwrap();
            let text = |name: &str| data[name].as_str().map(ToOwned::to_owned);
            (
                text("target").unwrap(),
                text("status").unwrap(),
                text("reason"),
            )
        })
        .collect()
}

fn end(target: &str, status: &str, reason: Option<&str>) -> (String, String, Option<String>) {
    (target.into(), status.into(), reason.map(ToOwned::to_owned))
}

#[test]
fn a_request_that_is_never_accepted_times_out_and_is_never_run() {
    let mut waits = worker();
    waits["initial"] = json!("elsewhere");
    waits["states"]["elsewhere"] = json!({"transitions": [
        {"action": "nop", "ready": false, "to": "ready"}]});
    let mut story = story(&[("w", "worker", waits)]);
    story.asks(
        "guest",
        json!({"action": "process", "targets": ["w"], "samples": [1]}),
    );
    story.wakes_after(301.0);
    assert_eq!(ends(&story), [end("w", "timed_out", Some("deadline"))]);
    assert!(!all_types(&story).contains(&"action.requested".to_owned()));
    assert_eq!(story.behaviour("w").requests, 0);
    story.replays();
}

#[test]
fn what_no_state_accepts_is_rejected_at_once() {
    for (request, reason) in [
        (json!({"action": "learn"}), "unknown_action"),
        (
            json!({"action": "process", "samples": [1], "arguments": {"speed": 3}}),
            "bad_arguments",
        ),
        (
            json!({"action": "process", "samples": [1], "from_state": "nowhere"}),
            "unknown_action",
        ),
        (
            json!({"action": "process", "samples": [1], "to_state": "nowhere"}),
            "unknown_action",
        ),
        (json!({"action": "send"}), "unknown_action"),
    ] {
        let mut story = story(&[("w", "worker", worker())]);
        let mut request = request;
        request["targets"] = json!(["w"]);
        story.asks("guest", request.clone());
        assert_eq!(
            ends(&story),
            [end("w", "rejected", Some(reason))],
            "{request}"
        );
        story.replays();
    }
}

#[test]
fn a_send_to_nobody_is_false_and_requests_nothing() {
    for target in ["nobody", "role:nobody"] {
        let sends = once(
            "send",
            json!({"action_name": "process", "target": target, "data_samples": [1]}),
        );
        let story = story(&[("c", "client", sends)]);
        assert_eq!(story.state("c"), "a");
        assert!(!all_types(&story).contains(&"interaction.requested".to_owned()));
    }
}

#[test]
fn a_volatile_request_is_done_and_nobody_waits_for_it() {
    let client = json!({
        "initial": "a",
        "states": {
            "a": {"transitions": [{"action": "send", "to": "b", "args": {
                "action_name": "process", "target": "w", "data_samples": [1], "volatile": true}}]},
            "b": {"transitions": [{"action": "all_sent_completed", "to": "c"}]},
            "c": {},
        },
    });
    let mut story = story(&[("w", "worker", worker()), ("c", "client", client)]);
    assert_eq!(story.state("c"), "c");
    assert_eq!(story.open().len(), 1);
    story.next_writes(&[json!(1)]);
    assert_eq!(ends(&story), [end("w", "completed", None)]);
    assert!(
        story
            .world
            .behaviours
            .memory(&"c".parse().unwrap())
            .is_none()
    );
    story.replays();
}

#[test]
fn each_target_has_its_outcome_and_the_callback_runs_once() {
    let mut silent = worker();
    silent["initial"] = json!("elsewhere");
    silent["states"]["elsewhere"] = json!({"transitions": [
        {"action": "nop", "ready": false, "to": "ready"}]});
    let leader = json!({
        "initial": "a",
        "states": {
            "a": {"transitions": [{"action": "send", "to": "b", "args": {
                "action_name": "process", "target": ["x", "y", "z"], "data_samples": [1],
                "timeout": 1, "callback": "show"}}]},
            "b": {"transitions": [{"action": "all_sent_completed", "to": "c",
                                   "args": {"action_name": "process"}}]},
            "c": {},
        },
    });
    let mut story = story(&[
        ("x", "worker", worker()),
        ("y", "worker", worker()),
        ("z", "worker", silent),
        ("a", "leader", leader),
    ]);
    story.next_writes(&[json!(1)]);
    story.next_writes(&[json!(2)]);
    assert_eq!(story.state("a"), "b");
    story.wakes_after(1.0);
    assert_eq!(story.state("a"), "c");
    let expected = [
        end("x", "completed", None),
        end("y", "completed", None),
        end("z", "timed_out", Some("deadline")),
    ];
    assert_eq!(ends(&story), expected);
    let shown = all_types(&story);
    assert_eq!(
        shown
            .iter()
            .filter(|name| *name == "interaction.shown")
            .count(),
        1
    );
    story.replays();
}

#[test]
fn an_evaluation_on_request_gets_what_it_compares() {
    let judge = json!({
        "initial": "a",
        "states": {
            "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
                "target": "w", "data_samples": [1, 2], "wait_completion": true}}]},
            "b": {"transitions": [{"action": "evaluate", "ready": false, "to": "c", "args": {
                "stream_hash": "j:right", "how": "max", "steps": 2, "agents_to_evaluate": "w"}}]},
            "c": {},
        },
    });
    let mut story = story(&[("w", "worker", worker()), ("j", "judge", judge)]);
    story.next_writes(&[json!(1), json!(2)]);
    assert_eq!(story.state("j"), "b");
    // There is nothing to compare with yet: it waits.
    story.asks("guest", json!({"action": "evaluate", "targets": ["j"]}));
    assert!(story.open().is_empty());
    super::declare(&mut story, "j:right");
    super::append(&mut story, "j:right", &[json!(1), json!(2)]);
    story.wakes_after(1.0);
    let run = story.open()[0];
    let arguments = story
        .world
        .runs
        .get(run)
        .unwrap()
        .arguments
        .clone()
        .unwrap();
    let arguments: Value = serde_json::from_str(arguments.get()).unwrap();
    assert_eq!(
        arguments["reference"],
        json!({"stream": "j:right", "first": 0})
    );
    assert_eq!(arguments["outputs"][0]["stream"], "w:processor");
    story.completes(run, &json!({"result": true, "evaluation": {"w": 0.5}}), &[]);
    assert_eq!(story.state("j"), "c");
    assert_eq!(story.behaviour("j").evaluation.len(), 1);
    story.replays();
}

#[test]
fn a_request_whose_requester_leaves_is_cancelled() {
    let mut waits = worker();
    waits["initial"] = json!("elsewhere");
    waits["states"]["elsewhere"] = json!({"transitions": [
        {"action": "nop", "ready": false, "to": "ready"}]});
    let mut story = story(&[("w", "worker", waits), ("c", "client", json!(null))]);
    story.asks(
        "c",
        json!({"action": "process", "targets": ["w"], "samples": [1]}),
    );
    let entity = "c".parse().unwrap();
    story
        .send("world", contract::Command::RemoveEntity { entity })
        .unwrap();
    assert_eq!(ends(&story), [end("w", "cancelled", None)]);
    assert_eq!(story.behaviour("w").requests, 0);
    story.replays();
}

#[test]
fn a_request_that_fails_ends_at_once_and_the_next_one_is_done() {
    let mut story = story(&[("w", "worker", worker())]);
    for _ in 0..2 {
        story.asks(
            "guest",
            json!({"action": "process", "targets": ["w"], "samples": [1]}),
        );
    }
    let run = story.open()[0];
    story.fails(run, "broken");
    assert_eq!(ends(&story), [end("w", "failed", Some("broken"))]);
    story.next_writes(&[json!(1)]);
    assert_eq!(ends(&story).len(), 2);
    story.replays();
}

#[test]
fn a_second_request_comes_after_all_steps_of_the_first() {
    let mut story = story(&[("w", "worker", worker())]);
    let first = story.asks(
        "guest",
        json!({"action": "process", "targets": ["w"], "samples": [1, 2, 3]}),
    );
    let second = story.asks(
        "guest",
        json!({"action": "process", "targets": ["w"], "samples": [4]}),
    );
    assert_eq!(story.open().len(), 1);
    story.next_writes(&[json!(1), json!(2)]);
    assert!(story.world.interactions.get(first).is_some());
    assert_eq!(story.open().len(), 1);
    story.next_writes(&[json!(3)]);
    assert!(story.world.interactions.get(first).is_none());
    let waits = GetInteraction { id: second }.into_request();
    let view = serde_json::to_value(view(&story.world, &waits)).unwrap();
    assert_eq!(view["targets"][0]["status"], "running");
    story.replays();
}

#[test]
fn a_wait_with_a_shorter_time_for_retries_sends_once() {
    let mut waits = worker();
    waits["initial"] = json!("elsewhere");
    waits["states"]["elsewhere"] = json!({"transitions": [
        {"action": "nop", "ready": false, "to": "ready"}]});
    let client = json!({
        "initial": "a",
        "states": {
            "a": {"transitions": [
                {"action": "send", "to": "done", "retry_seconds": 1, "args": {
                    "action_name": "process", "target": "w", "data_samples": [1],
                    "wait_completion": true, "timeout": 60}},
                {"action": "nop", "ready": false, "to": "aside"}]},
            "aside": {"transitions": [{"action": "nop", "delay_seconds": 1, "to": "a"}]},
            "done": {},
        },
    });
    let mut story = story(&[("w", "worker", waits), ("c", "client", client)]);
    // While it waits, no other transition is made.
    story.asks("guest", json!({"action": "nop", "targets": ["c"]}));
    assert_eq!(story.state("c"), "a");
    story.wakes_after(1.1);
    assert_eq!(story.state("c"), "aside");
    story.wakes_after(1.1);
    assert_eq!(story.state("c"), "a");
    let requested = all_types(&story);
    assert_eq!(
        requested
            .iter()
            .filter(|name| *name == "interaction.requested")
            .count(),
        2
    );
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    story.next_writes(&[json!(1)]);
    assert_eq!(story.state("c"), "done");
    story.replays();
}

/// Each has its own pause before it is tried again: the failure of one does not end that of the other.
#[test]
fn two_requests_that_fail_at_once_do_not_take_turns_without_a_pause() {
    let send = |action: &str| {
        json!({"action": "send", "to": "b", "args": {"action_name": action, "target": "w",
            "data_samples": [1], "wait_completion": true}})
    };
    let client = json!({
        "initial": "a",
        "states": {"a": {"transitions": [send("learn"), send("dance")]}, "b": {}},
    });
    let mut story = story(&[("w", "worker", worker()), ("c", "client", client)]);
    story.wakes_after(0.1);
    assert!(ends(&story).len() <= 2, "{:?}", ends(&story));
    story.wakes_after(0.5);
    assert!((3..=4).contains(&ends(&story).len()), "{:?}", ends(&story));
    story.replays();
}

/// A machine that evaluates waits for the samples that it compares with.
#[test]
fn an_evaluation_begins_when_its_samples_are_there() {
    let judge = json!({
        "initial": "a",
        "states": {
            "a": {"transitions": [{"action": "send", "to": "b", "args": {"action_name": "process",
                "target": "w", "data_samples": [1, 2], "wait_completion": true}}]},
            "b": {"transitions": [{"action": "evaluate", "to": "c", "args": {
                "stream_hash": "<agent>:right", "how": "max", "steps": 2, "agents_to_evaluate": "w"}}]},
            "c": {},
        },
    });
    let mut story = story(&[("w", "worker", worker()), ("j", "judge", judge)]);
    super::declare(&mut story, "j:right");
    super::append(&mut story, "j:right", &[json!(1)]);
    story.next_writes(&[json!(1), json!(2)]);
    assert_eq!(story.state("j"), "b");
    assert!(story.open().is_empty());
    super::append(&mut story, "j:right", &[json!(2)]);
    assert_eq!(story.open().len(), 1);
    story.replays();
}
