//! Runs of one entity's abilities are serial, and in the order of their events.

mod limits;
mod properties;

use contract::ability::{Ability, Executor};
use contract::command::EntityUpdate;
use contract::run::RunResult;
use contract::{Command, Commit, Event, NewEvent, RejectionCode, RunId, RunOutcome};
use serde_json::{Value, json};

use super::super::{Story, World, hash, replay, types};
use super::{ability, draft, id, object};

/// What an event says about a run, and of whom.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    entity: String,
    /// The number that the event has which triggered the run.
    number: u64,
    begins: bool,
}

/// The runs of abilities that a log requests, in its order, and those that it begins, in its order.
fn marks<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for event in events {
        let is_requested = event.event_type.as_str() == "action.requested";
        if !is_requested && event.event_type.as_str() != "action.started" {
            continue;
        }
        let data: Value = serde_json::from_str(event.data.get()).unwrap();
        if data["ability"].is_null() || data["concurrent"] == true {
            continue;
        }
        let mark = |begins| Mark {
            entity: data["agent"].as_str().unwrap().to_owned(),
            number: data["arguments"]["data"]["n"].as_u64().unwrap_or(0),
            begins,
        };
        if is_requested {
            marks.push(mark(false));
        }
        if !is_requested || data["queued"] != true {
            marks.push(mark(true));
        }
    }
    marks
}

fn speech(target: Option<&str>, n: u64) -> NewEvent {
    draft("mic.speak", target, &json!({"n": n}))
}

impl Story {
    /// A world with a microphone, whose ability is serial.
    fn with_mic() -> Self {
        let mut story = Self::begin(&[]);
        story.add(object("mic", &[ability("speak", "mic.speak")]));
        story
    }

    fn speak(&mut self, n: u64) -> Vec<Event> {
        self.emit("guest", speech(Some("mic"), n)).unwrap()
    }

    /// The numbers of the events whose runs have begun, in that order.
    fn begun(&self) -> Vec<u64> {
        let events = self.log.iter().flat_map(|commit| &commit.events);
        let begun = marks(events).into_iter().filter(|mark| mark.begins);
        begun.map(|mark| mark.number).collect()
    }

    fn queued(&self) -> Vec<RunId> {
        let runs = self.world.runs.iter();
        runs.filter(|(_, run)| run.queued)
            .map(|(id, _)| id)
            .collect()
    }

    fn end(&mut self, run: RunId) -> Vec<Event> {
        self.done(run, RunResult::default()).unwrap()
    }
}

#[test]
fn a_run_begins_when_the_one_before_it_has_ended() {
    let mut story = Story::with_mic();
    assert_eq!(types(&story.speak(1)), ["mic.speak", "action.requested"]);
    assert_eq!(types(&story.speak(2)), ["mic.speak", "action.requested"]);
    story.speak(3);
    assert_eq!(story.begun(), [1]);
    assert_eq!(story.queued().len(), 2);
    let run = story.open()[0];
    let events = story.end(run);
    assert_eq!(types(&events), ["action.completed", "action.started"]);
    let started: Value = serde_json::from_str(events[1].data.get()).unwrap();
    let triggered_by = &started["arguments"]["data"];
    assert_eq!(
        (&started["action"], &started["ability"], triggered_by),
        (&json!("speak"), &json!("speak"), &json!({"n": 2}))
    );
    let run = story.open()[0];
    // Whatever ends it.
    let failed = RunOutcome::Failed {
        code: "broken".into(),
        reason: "no".into(),
    };
    let outcome = Command::Complete {
        run,
        outcome: failed,
    };
    story.send("world", outcome).unwrap();
    assert_eq!(story.begun(), [1, 2, 3]);
    let run = story.open()[0];
    let cancelled = story.send("guest", Command::CancelRun { run }).unwrap();
    assert_eq!(types(&cancelled), ["action.cancelled"]);
    assert_eq!(types(&story.speak(4)), ["mic.speak", "action.requested"]);
    assert_eq!(story.begun(), [1, 2, 3, 4]);
    story.replays();
}

#[test]
fn all_events_of_one_command_keep_their_order() {
    let mut story = Story::with_mic();
    story.add(object("bell", &[ability("ring", "mic.speak")]));
    let events = (1..=40).map(|n| speech(None, n)).collect();
    let command = Command::SendEvents {
        events,
        message: None,
    };
    story.send("guest", command).unwrap();
    // One of each object.
    assert_eq!(story.begun(), [1, 1]);
    while let [run, ..] = story.open()[..] {
        story.end(run);
    }
    let each: Vec<u64> = (1..=40).collect();
    let events = story.log.iter().flat_map(|commit| &commit.events);
    let marks = marks(events);
    for entity in ["mic", "bell"] {
        let of = |mark: &&Mark| mark.begins && mark.entity == entity;
        let begun: Vec<u64> = marks.iter().filter(of).map(|mark| mark.number).collect();
        assert_eq!(begun, each, "{entity}");
    }
    story.replays();
}

#[test]
fn abilities_of_one_entity_share_the_order_and_concurrent_ones_have_none() {
    let mut story = Story::begin(&[]);
    let bid = ability("bid", "house.bid");
    let watch = Ability {
        concurrent: true,
        ..ability("watch", "house.look")
    };
    let close = ability("close", "house.close");
    story.add(object("house", &[bid, watch, close]));
    for (n, event_type) in (1..).zip(["house.bid", "house.close", "house.look", "house.look"]) {
        let event = draft(event_type, Some("house"), &json!({"n": n}));
        story.emit("guest", event).unwrap();
    }
    let mut open = story.runs();
    open.sort_unstable();
    assert_eq!(
        open,
        ["house bid", "house close", "house watch", "house watch"]
    );
    assert_eq!(story.queued().len(), 1);
    let begun: Vec<RunId> = story.open();
    let bid = begun.into_iter().find(|run| {
        let run = story.world.runs.get(*run).unwrap();
        run.action.as_str() == "bid"
    });
    story.end(bid.unwrap());
    assert_eq!(story.queued(), []);
    story.replays();
}

#[test]
fn what_a_run_sends_to_its_own_entity_comes_behind_what_waits() {
    let mut story = Story::begin(&[]);
    let abilities = [ability("speak", "mic.speak"), ability("echo", "mic.echo")];
    story.add(object("mic", &abilities));
    story.speak(1);
    story.speak(2);
    let run = story.open()[0];
    let completed = RunResult {
        events: vec![draft("mic.echo", Some("mic"), &json!({"n": 9}))],
        ..RunResult::default()
    };
    let events = story.done(run, completed).unwrap();
    assert_eq!(
        types(&events),
        [
            "mic.echo",
            "action.requested",
            "action.completed",
            "action.started"
        ]
    );
    while let [run, ..] = story.open()[..] {
        story.end(run);
    }
    assert_eq!(story.begun(), [1, 2, 9]);
    story.replays();
}

#[test]
fn objects_that_trigger_each_other_do_not_wait_for_ever() {
    let mut story = Story::begin(&[]);
    story.add(object("ping", &[ability("hit", "ball.to_ping")]));
    story.add(object("pong", &[ability("hit", "ball.to_pong")]));
    for n in 1..=3 {
        for to in ["ping", "pong"] {
            let event = draft(&format!("ball.to_{to}"), Some(to), &json!({"n": n}));
            story.emit("guest", event).unwrap();
        }
    }
    let mut runs = 0;
    while let [run, ..] = story.open()[..] {
        let entity = story.world.runs.get(run).unwrap().entity.clone();
        let other = if entity == id("ping") { "pong" } else { "ping" };
        let completed = RunResult {
            events: vec![draft(&format!("ball.to_{other}"), Some(other), &json!({}))],
            ..RunResult::default()
        };
        story.done(run, completed).unwrap();
        runs += 1;
        assert!(runs < 1000, "a storm");
    }
    // Each of the six goes to and fro until it is plain that it does so in circles.
    assert_eq!(story.world.runs.len(), 0);
    assert!(runs >= 6 * 32, "{runs}");
    story.replays();
}

#[test]
fn a_run_that_waits_is_no_worker_s_to_end() {
    let mut story = Story::with_mic();
    story.speak(1);
    story.speak(2);
    let waits = story.queued()[0];
    let refused = story.done(waits, RunResult::default()).unwrap_err();
    assert_eq!(refused.code, RejectionCode::Conflict);
    // Who has requested it can still cancel it.
    let cancelled = Command::CancelRun { run: waits };
    story.send("guest", cancelled).unwrap();
    story.speak(3);
    let run = story.open()[0];
    story.end(run);
    assert_eq!(story.begun(), [1, 3]);
    story.replays();
}

#[test]
fn what_waits_is_run_as_it_was_requested_when_the_ability_changes() {
    let mut story = Story::with_mic();
    story.speak(1);
    story.speak(2);
    let without = EntityUpdate {
        entity: id("mic"),
        kind: None,
        name: None,
        agent: None,
        description: None,
        abilities: Some(Vec::new()),
        metadata: None,
    };
    story.send("guest", Command::UpdateEntity(without)).unwrap();
    assert_eq!(types(&story.speak(3)), ["mic.speak"]);
    let run = story.open()[0];
    story.end(run);
    assert_eq!(story.begun(), [1, 2]);
    let run = story.open()[0];
    story.end(run);
    assert_eq!(story.world.runs.len(), 0);
    story.replays();
}

#[test]
fn what_waits_ends_with_its_entity_and_another_of_its_name_begins_anew() {
    let mut story = Story::with_mic();
    for n in 1..=3 {
        story.speak(n);
    }
    let removed = Command::RemoveEntity { entity: id("mic") };
    let events = story.send("guest", removed).unwrap();
    let cancelled = types(&events).into_iter();
    assert_eq!(
        cancelled.filter(|kind| *kind == "action.cancelled").count(),
        3
    );
    assert_eq!(story.begun(), [1]);
    story.add(object("mic", &[ability("speak", "mic.speak")]));
    story.speak(4);
    assert_eq!(story.begun(), [1, 4]);
    story.replays();
}

#[test]
fn clients_run_their_abilities_as_they_like() {
    let mut story = Story::begin(&[]);
    let by_client = Ability {
        run: Executor::Client {},
        ..ability("speak", "mic.speak")
    };
    story.add(object("mic", &[by_client]));
    assert_eq!(types(&story.speak(1)), ["mic.speak"]);
    assert_eq!(types(&story.speak(2)), ["mic.speak"]);
}

/// What an earlier version wrote: it began all runs at once, and knew nothing of an order.
fn as_of_earlier_version(log: &[Commit]) -> Vec<Commit> {
    let text = serde_json::to_string(log).unwrap();
    let text = text.replace(r#","concurrent":true"#, "");
    assert!(!text.contains("queued"));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn runs_that_an_earlier_version_began_at_once_end_before_others_begin() {
    let mut story = Story::begin(&[]);
    let at_once = Ability {
        concurrent: true,
        ..ability("speak", "mic.speak")
    };
    story.add(object("mic", &[at_once]));
    story.speak(1);
    story.speak(2);
    story.log = as_of_earlier_version(&story.log);
    let mut world = World::new("w".parse().unwrap());
    for (seq, commit) in (1..).zip(&story.log) {
        replay(&mut world, seq, commit).unwrap();
    }
    story.world = world;
    let begun = story.open();
    assert_eq!(begun.len(), 2);
    story.speak(3);
    story.speak(4);
    assert_eq!(story.open(), begun);
    story.end(begun[1]);
    assert_eq!(story.queued().len(), 2);
    story.end(begun[0]);
    assert_eq!(story.begun(), [1, 2, 3]);
    let run = story.open()[0];
    story.end(run);
    let run = story.open()[0];
    story.end(run);
    assert_eq!(story.begun(), [1, 2, 3, 4]);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}
