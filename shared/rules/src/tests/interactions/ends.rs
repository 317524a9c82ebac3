//! How interactions end before their targets are done.

use std::time::Duration;

use contract::{Command, Timestamp};

use super::*;

/// A deadline that is near.
fn soon(story: &Story) -> Timestamp {
    story.now + Duration::from_secs(1)
}

fn pass_deadline(story: &mut Story) -> Vec<Event> {
    story.now = story.now + Duration::from_secs(2);
    story.send("world", Command::FireDue).unwrap()
}

#[test]
fn at_the_deadline_what_is_open_times_out_and_its_run_is_cancelled() {
    let mut story = story();
    let deadline = Some(soon(&story));
    let new = NewInteraction {
        deadline,
        ..process(&["w", "v"], &["hello"])
    };
    let (id, _) = story.interact(new);
    let runs = story.open();
    story.writes(runs[0], &["done"]);
    let events = pass_deadline(&mut story);
    let ended = ends(&events);
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].1, "timed_out");
    assert_eq!(ended[0].2.as_deref(), Some("deadline"));
    assert!(story.open().is_empty());
    assert!(story.interaction(id).is_none());
    story.replays();
}

#[test]
fn what_was_done_by_the_deadline_counts() {
    let mut story = story();
    let deadline = Some(soon(&story));
    let new = NewInteraction {
        deadline,
        ..process(&["w"], &["a", "b"])
    };
    story.interact(new);
    let run = story.open()[0];
    story.writes(run, &["A"]);
    let events = pass_deadline(&mut story);
    assert_eq!(ends(&events), [end("w", "partial", Some("deadline"))]);
    story.replays();
}

#[test]
fn a_failure_after_some_steps_is_a_partial_end() {
    let mut story = story();
    story.interact(process(&["w"], &["a", "b"]));
    let run = story.open()[0];
    story.writes(run, &["A"]);
    let run = story.open()[0];
    let events = story.fails(run, "script_failed");
    assert_eq!(ends(&events), [end("w", "partial", Some("script_failed"))]);
    story.replays();
}

#[test]
fn only_the_requester_cancels() {
    let mut story = story();
    let (id, _) = story.interact(process(&["w", "v"], &["hello"]));
    let cancel = Command::CancelInteraction { interaction: id };
    let refused = story.send("w", cancel.clone()).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("sender"));
    let events = story.send("guest", cancel.clone()).unwrap();
    let ended = ends(&events);
    assert_eq!(
        ended,
        [end("v", "cancelled", None), end("w", "cancelled", None)]
    );
    assert!(story.open().is_empty());
    let refused = story.send("guest", cancel).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("interaction"));
    story.replays();
}

#[test]
fn who_is_removed_leaves() {
    for (removed, expected) in [
        ("w", vec![end("w", "left", None)]),
        (
            "guest",
            vec![end("v", "cancelled", None), end("w", "cancelled", None)],
        ),
    ] {
        let mut story = story();
        story.interact(process(&["w", "v"], &["hello"]));
        let entity = removed.parse().unwrap();
        let events = story
            .send("world", Command::RemoveEntity { entity })
            .unwrap();
        assert_eq!(ends(&events), expected, "{removed}");
        story.replays();
    }
}

#[test]
fn a_target_without_a_behaviour_is_in_no_state() {
    for (from, to) in [(Some("ready"), None), (None, Some("ready"))] {
        let mut story = story();
        let new = NewInteraction {
            from_state: from.map(ToOwned::to_owned),
            to_state: to.map(ToOwned::to_owned),
            ..process(&["w"], &["hello"])
        };
        let (_, events) = story.interact(new);
        assert_eq!(ends(&events), [end("w", "rejected", Some("no_behaviour"))]);
        story.replays();
    }
}

#[test]
fn a_run_that_is_cancelled_fails_its_interaction() {
    let mut story = story();
    story.interact(process(&["w"], &["hello"]));
    let run = story.open()[0];
    let events = story.send("guest", Command::CancelRun { run }).unwrap();
    assert_eq!(ends(&events), [end("w", "failed", Some("cancelled"))]);
    story.replays();
}

#[test]
fn more_samples_than_steps_are_refused_by_failing_the_run() {
    let mut story = story();
    story.interact(process(&["w"], &["hello"]));
    let run = story.open()[0];
    let events = story.writes(run, &["a", "b"]);
    assert_eq!(ends(&events), [end("w", "failed", Some("invalid_result"))]);
    story.replays();
}

#[test]
fn an_inbox_of_another_type_fails_and_leaves_the_world_as_the_log_has_it() {
    let mut story = story();
    let put = contract::stream::PutStream {
        stream: "w:inbox".parse().unwrap(),
        stream_type: contract::StreamType::Number,
        public: true,
        range: None,
    };
    story.send("w", Command::PutStream(put)).unwrap();
    let new = NewInteraction {
        samples: Some(to_raw_value(&["text"]).unwrap()),
        ..push(&["w", "v"])
    };
    let (_, events) = story.interact(new);
    assert_eq!(
        ends(&events),
        [
            end("v", "completed", None),
            end("w", "failed", Some("invalid_samples"))
        ]
    );
    story.replays();
}

#[test]
fn what_does_not_fit_in_a_commit_follows_with_the_next() {
    let large = "x".repeat(60_000);
    for action in [Some("process"), None] {
        let mut story = story();
        let ids: Vec<String> = (0..200).map(|index| format!("agent{index}")).collect();
        for id in &ids {
            let created = Command::CreateEntity(entity(id, EntityKind::Agent));
            story.send("world", created).unwrap();
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let arguments = serde_json::json!({ "x": large });
        let new = NewInteraction {
            action: action.map(|action| action.parse().unwrap()),
            arguments: Some(to_raw_value(&arguments).unwrap()),
            samples: Some(to_raw_value(&[&large]).unwrap()),
            ..push(&ids)
        };
        let (id, mut events) = story.interact(new);
        let size = |events: &[Event]| events.iter().map(crate::size_bytes).sum::<usize>();
        let mut commits = 0;
        while story.world.interactions.has_work() {
            assert!(size(&events) <= crate::COMMAND_BYTES_MAX);
            events = story.send("world", Command::FireDue).unwrap();
            commits += 1;
            assert!(commits < 100, "it goes on for ever");
        }
        assert!(commits > 10, "{commits}");
        story.now = story.now + Duration::from_secs(400);
        while story.interaction(id).is_some() {
            let events = story.send("world", Command::FireDue).unwrap();
            assert!(size(&events) <= crate::COMMAND_BYTES_MAX);
        }
        assert!(story.open().is_empty());
        story.replays();
    }
}
