//! What a world does whose log holds all that it may hold.

use std::time::Duration;

use contract::command::{SetTimer, WorldUpdate};
use contract::{
    Command, Event, NewEvent, Quota, Rejection, RejectionCode, RunOutcome, Timestamp, WorldSpec,
};
use serde_json::value::RawValue;

use super::{Story, post, types};

const UNLIMITED: Quota = Quota {
    events: None,
    bytes: None,
};

impl Story {
    fn sets_quota(&mut self, quota: Quota) -> Result<Vec<Event>, Rejection> {
        let update = WorldUpdate {
            quota: Some(quota),
            ..WorldUpdate::default()
        };
        self.send("world", Command::UpdateWorld(update))
    }

    /// Sets the quota to the `more` events that the log may still hold.
    fn has_room_for(&mut self, more: u64) {
        // The change is an event too.
        let events = Some(self.world.quota.size().events + 1 + more);
        self.sets_quota(Quota {
            events,
            bytes: None,
        })
        .unwrap();
    }

    fn refused(&mut self, command: Command) -> Rejection {
        let before = super::hash(&self.world);
        let rejection = self.send("guest", command).unwrap_err();
        assert_eq!(
            rejection.code,
            RejectionCode::QuotaExceeded,
            "{rejection:?}"
        );
        assert_eq!(super::hash(&self.world), before);
        rejection
    }
}

fn custom_event() -> NewEvent {
    let data = RawValue::from_string("{}".into()).unwrap();
    NewEvent::new("shop.opened".parse().unwrap(), data)
}

fn timer(id: &str, due: Timestamp) -> SetTimer {
    SetTimer {
        timer: id.parse().unwrap(),
        due: Some(due),
        repeat: None,
        zone: None,
        event: Some(custom_event()),
        message: None,
    }
}

#[test]
fn a_world_counts_the_events_of_its_log_and_their_bytes() {
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    let events: Vec<_> = story.log.iter().flat_map(|commit| &commit.events).collect();
    let size = story.world.quota.size();
    assert_eq!(size.events, events.len() as u64);
    let bytes: usize = events.into_iter().map(crate::size_bytes).sum();
    assert_eq!(size.bytes, bytes as u64);
    story.replays();
    // Another world of the same id begins at none.
    story.send("world", Command::DeleteWorld).unwrap();
    let begun = story.send("world", Command::CreateWorld(WorldSpec::default()));
    assert_eq!(story.world.quota.size().events, begun.unwrap().len() as u64);
    story.replays();
}

#[test]
fn what_would_add_something_is_refused_and_what_ends_something_is_not() {
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    let run = story.open()[0];
    let due = story.now + Duration::from_hours(1);
    story
        .send("guest", Command::SetTimer(timer("t", due)))
        .unwrap();
    story.has_room_for(0);
    let refused = story.refused(post("more"));
    assert!(
        refused.detail.contains("its quota is"),
        "{}",
        refused.detail
    );
    assert_eq!(refused.field, None);
    for command in [
        Command::SendEvents {
            events: vec![custom_event()],
            message: None,
        },
        Command::SetTimer(timer("u", due)),
        Command::OpenChat {
            chat: "main".parse().unwrap(),
        },
    ] {
        story.refused(command);
    }
    // The answer that was requested before is stored, and the turn ends.
    let events = story.answer(run, "hi").unwrap();
    assert!(types(&events).contains(&"chat.turn_ended"), "{events:?}");
    let timer = "t".parse().unwrap();
    story.send("guest", Command::CancelTimer { timer }).unwrap();
    story.replays();
    story.send("world", Command::DeleteWorld).unwrap();
    story.replays();
}

#[test]
fn a_run_that_fails_ends_as_ever() {
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    let run = story.open()[0];
    story.has_room_for(0);
    let outcome = RunOutcome::Failed {
        code: "model_error".into(),
        reason: "no".into(),
    };
    let events = story.send("world", Command::Complete { run, outcome });
    assert!(types(&events.unwrap()).contains(&"chat.turn_ended"));
}

#[test]
fn the_quota_of_what_is_described_is_the_one_that_counts() {
    let mut story = Story::begin(&[]);
    story.has_room_for(0);
    let described = |events| {
        Command::ApplyWorld(WorldSpec {
            name: "W".into(),
            quota: Quota {
                events: Some(events),
                bytes: None,
            },
            ..WorldSpec::default()
        })
    };
    assert_eq!(story.refused(described(3)).field.unwrap(), "quota.events");
    story.send("world", described(1000)).unwrap();
    story.say("hello");
    let bytes = Quota {
        events: None,
        bytes: Some(100),
    };
    // It may be set to less than there is.
    story.sets_quota(bytes).unwrap();
    story.refused(post("more"));
    assert_eq!(
        story.sets_quota(bytes).unwrap_err().field.unwrap(),
        "quota.bytes"
    );
    story.sets_quota(UNLIMITED).unwrap();
    story.say("more");
    story.replays();
}

#[test]
fn a_quota_of_nothing_is_invalid() {
    let mut story = Story::begin(&[]);
    for (quota, field) in [
        (
            Quota {
                events: Some(0),
                bytes: None,
            },
            "quota.events",
        ),
        (
            Quota {
                events: None,
                bytes: Some(0),
            },
            "quota.bytes",
        ),
    ] {
        let refused = story.sets_quota(quota).unwrap_err();
        assert_eq!(refused.code, RejectionCode::Invalid);
        assert_eq!(refused.field.unwrap(), field);
    }
}

#[test]
fn the_limit_of_the_service_counts_for_every_world() {
    let mut story = Story::begin(&[]);
    let events = Some(story.world.quota.size().events);
    story.world.set_quota_max(Quota {
        events,
        bytes: None,
    });
    story.refused(post("hello"));
    // No quota of a world is above it.
    let raised = Command::UpdateWorld(WorldUpdate {
        quota: Some(UNLIMITED),
        ..WorldUpdate::default()
    });
    story.refused(raised);
    story.world.set_quota_max(UNLIMITED);
    story.say("hello");
}

#[test]
fn timers_wait_until_there_is_room() {
    let mut story = Story::begin(&[]);
    let due = story.now + Duration::from_secs(10);
    story
        .send("guest", Command::SetTimer(timer("t", due)))
        .unwrap();
    story.has_room_for(0);
    assert_eq!(story.world.next_due(), None);
    story.now = story.now + Duration::from_mins(1);
    assert_eq!(story.send("world", Command::FireDue).unwrap().len(), 0);
    story.sets_quota(UNLIMITED).unwrap();
    assert_eq!(story.world.next_due(), Some(due));
    let events = story.send("world", Command::FireDue).unwrap();
    assert_eq!(types(&events), ["timer.fired", "shop.opened"]);
    story.replays();
}
