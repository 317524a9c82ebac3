//! Deadlines and the limit of what waits.

use std::time::Duration;

use contract::command::SetTimer;
use contract::{Command, RejectionCode};
use serde_json::{Value, json};

use super::super::super::{Story, types};
use super::super::{ability, draft, object};
use super::speech;
use crate::runs::{DEADLINE_DEFAULT, QUEUED_MAX};

#[test]
fn the_deadline_of_a_run_counts_from_its_begin() {
    let mut story = Story::with_mic();
    for n in 1..=3 {
        story.speak(n);
    }
    for n in 1..=3 {
        let due = story.world.next_due().unwrap();
        assert!(due + Duration::from_secs(1) > story.now + DEADLINE_DEFAULT);
        story.now = due;
        let events = story.send("world", Command::FireDue).unwrap();
        let expected: &[&str] = match n {
            3 => &["action.failed"],
            _ => &["action.failed", "action.started"],
        };
        assert_eq!(types(&events), expected);
        let failed: Value = serde_json::from_str(events[0].data.get()).unwrap();
        assert_eq!(failed["code"], "deadline");
    }
    assert_eq!(story.begun(), [1, 2, 3]);
    assert_eq!(story.world.next_due(), None);
    story.replays();
}

#[test]
fn more_than_its_limit_does_not_wait_for_one_entity() {
    let mut story = Story::with_mic();
    story.add(object("bell", &[ability("ring", "mic.speak")]));
    // One has begun.
    let mut left = QUEUED_MAX + 1;
    while left > 0 {
        let count = left.min(200);
        let events = (0..count).map(|_| speech(Some("mic"), 1)).collect();
        let command = Command::SendEvents {
            events,
            message: None,
        };
        story.send("guest", command).unwrap();
        left -= count;
    }
    assert_eq!(story.queued().len(), QUEUED_MAX);
    // Who names it gets to know, and nothing is in the log.
    let refused = story.emit("guest", speech(Some("mic"), 2)).unwrap_err();
    assert_eq!(refused.code, RejectionCode::Busy);
    // What is for everyone is not stopped by one of them.
    let events = story.emit("guest", speech(None, 3)).unwrap();
    assert_eq!(
        types(&events),
        [
            "mic.speak",
            "action.requested",
            "action.requested",
            "action.failed"
        ]
    );
    let failed: Value = serde_json::from_str(events[3].data.get()).unwrap();
    assert_eq!(failed["code"], "queue_full");
    // A timer fires all the same, with the reason.
    let set = SetTimer {
        timer: "t".parse().unwrap(),
        due: Some(story.now),
        repeat: None,
        zone: None,
        event: Some(speech(Some("mic"), 4)),
        message: None,
    };
    story.send("guest", Command::SetTimer(set)).unwrap();
    let events = story.send("world", Command::FireDue).unwrap();
    assert_eq!(types(&events), ["timer.fired"]);
    // There is room again when one has ended.
    let run = story.open().into_iter().find(|run| {
        let run = story.world.runs.get(*run).unwrap();
        run.entity.as_str() == "mic"
    });
    story.end(run.unwrap());
    let events = story.speak(5);
    assert_eq!(types(&events), ["mic.speak", "action.requested"]);
}

#[test]
fn large_events_that_wait_begin_with_commits_that_have_room() {
    let mut story = Story::begin(&[]);
    let names: Vec<String> = (0..8).map(|n| format!("mic{n}")).collect();
    for name in &names {
        story.add(object(name, &[ability("speak", "mic.speak")]));
    }
    let text = "x".repeat(100 * 1024);
    for name in &names {
        for n in 1..=2 {
            let event = draft("mic.speak", Some(name), &json!({"n": n, "text": text}));
            story.emit("guest", event).unwrap();
        }
    }
    // All that have begun expire at once: what follows does not fit in one commit.
    story.now = story.now + DEADLINE_DEFAULT;
    let mut commits = 0;
    while story.world.next_due().is_some_and(|due| due <= story.now) {
        let events = story.send("world", Command::FireDue).unwrap();
        let bytes: usize = events.iter().map(crate::size_bytes).sum();
        assert!(bytes < 512 * 1024, "{bytes}");
        commits += 1;
        assert!(commits < 20, "it does not come to an end");
    }
    assert!(commits > 1);
    assert_eq!(story.queued(), []);
    assert_eq!(story.open().len(), 8);
    story.replays();
}
