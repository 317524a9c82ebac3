//! What must hold for every sequence of commands about interactions.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::stream::{AppendSamples, PutStream};
use contract::{Fact, StreamType};
use proptest::prelude::*;

use super::*;
use crate::tests::hash;

/// What somebody does; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Act {
    Request {
        targets: Vec<&'static str>,
        action: Option<&'static str>,
        samples: u8,
        reads_stream: bool,
        seconds: u8,
    },
    Append(u8),
    Write {
        run: u8,
        samples: u8,
    },
    Fail(u8),
    CancelRun(u8),
    Cancel(u8),
    Report {
        interaction: u8,
        ok: bool,
    },
    Remove(&'static str),
    Create(&'static str),
    Pass(u8),
}

fn any_entity() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("w"), Just("student"), Just("c"), Just("box")]
}

fn any_act() -> impl Strategy<Value = Act> {
    let targets = prop::collection::vec(any_entity(), 1..4);
    let action = prop_oneof![Just(None), Just(Some("process")), Just(Some("learn"))];
    let request = (targets, action, 0_u8..4, any::<bool>(), 1_u8..9);
    let request =
        request.prop_map(
            |(targets, action, samples, reads_stream, seconds)| Act::Request {
                targets,
                action,
                samples,
                reads_stream,
                seconds,
            },
        );
    prop_oneof![
        4 => request,
        2 => (1_u8..4).prop_map(Act::Append),
        6 => (any::<u8>(), 0_u8..4).prop_map(|(run, samples)| Act::Write { run, samples }),
        1 => any::<u8>().prop_map(Act::Fail),
        1 => any::<u8>().prop_map(Act::CancelRun),
        1 => any::<u8>().prop_map(Act::Cancel),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(interaction, ok)| Act::Report { interaction, ok }),
        1 => any_entity().prop_map(Act::Remove),
        1 => any_entity().prop_map(Act::Create),
        2 => (1_u8..5).prop_map(Act::Pass),
    ]
}

/// The command of an act; `None` when there is nothing that it could be about.
fn command(story: &mut Story, requested: &[InteractionId], act: &Act) -> Option<(String, Command)> {
    let interaction = |number: u8| {
        let index = usize::from(number) % requested.len().max(1);
        requested.get(index).copied()
    };
    let guest = |command| ("guest".to_owned(), command);
    let world = |command| ("world".to_owned(), command);
    Some(match act {
        Act::Request { .. } => guest(Command::RequestInteraction(new_request(story, act)?)),
        Act::Append(count) => guest(Command::AppendSamples(AppendSamples {
            stream: "guest:data".parse().unwrap(),
            samples: texts(*count),
            tags: None,
            interaction: None,
        })),
        Act::Write { run, samples } => {
            let result = RunResult {
                samples: texts(*samples),
                weights: Some("0".repeat(64)),
                ..RunResult::default()
            };
            world(completion(story, *run, RunOutcome::Completed(result))?)
        }
        Act::Fail(run) => {
            let outcome = RunOutcome::Failed {
                code: "x".to_owned(),
                reason: "y".to_owned(),
            };
            world(completion(story, *run, outcome)?)
        }
        Act::CancelRun(number) => {
            let run = open_run(story, *number)?;
            world(Command::CancelRun { run })
        }
        Act::Cancel(number) => {
            let interaction = interaction(*number)?;
            guest(Command::CancelInteraction { interaction })
        }
        Act::Report {
            interaction: number,
            ok,
        } => {
            let report = Command::CompleteInteraction {
                interaction: interaction(*number)?,
                ok: *ok,
                samples: texts(1),
                detail: None,
            };
            ("c".to_owned(), report)
        }
        Act::Remove(entity) => {
            let entity = entity.parse().unwrap();
            world(Command::RemoveEntity { entity })
        }
        Act::Create(id) => world(Command::CreateEntity(agent(id))),
        Act::Pass(seconds) => {
            story.now = story.now + Duration::from_secs(u64::from(*seconds));
            world(Command::FireDue)
        }
    })
}

fn new_request(story: &Story, act: &Act) -> Option<NewInteraction> {
    let Act::Request {
        targets,
        action,
        samples,
        reads_stream,
        seconds,
    } = act
    else {
        return None;
    };
    let mut new = push(targets);
    new.action = action.map(|action| action.parse().unwrap());
    new.deadline = Some(story.now + Duration::from_secs(u64::from(*seconds)));
    if *reads_stream {
        new.streams.stdin = vec!["guest:data".to_owned()];
        new.steps = Some(u32::from(*samples) + 1);
    } else if *samples > 0 {
        new.samples = Some(to_raw_value(&texts(*samples)).unwrap());
    }
    Some(new)
}

fn agent(id: &str) -> Entity {
    match id {
        "student" => learning::student(),
        id => entity(id, EntityKind::Agent),
    }
}

fn texts(count: u8) -> Vec<Box<RawValue>> {
    samples(&vec!["x"; usize::from(count)])
}

fn open_run(story: &Story, number: u8) -> Option<RunId> {
    let open = story.open();
    open.get(usize::from(number) % open.len().max(1)).copied()
}

fn completion(story: &Story, number: u8, outcome: RunOutcome) -> Option<Command> {
    let run = open_run(story, number)?;
    Some(Command::Complete { run, outcome })
}

/// Counts the ends of each target of each interaction, and its open ones.
fn count(story: &Story) -> BTreeMap<(InteractionId, String), u32> {
    let mut ends = BTreeMap::new();
    for event in story.log.iter().flat_map(|commit| &commit.events) {
        match Fact::parse(&event.event_type, &event.data).unwrap() {
            Some(Fact::InteractionRequested(requested)) => {
                let id = event.id.interaction();
                for target in requested.targets {
                    assert_eq!(ends.insert((id, target.to_string()), 0), None);
                }
            }
            Some(Fact::InteractionEnded(ended)) => {
                let key = (ended.interaction, ended.target.to_string());
                *ends.get_mut(&key).unwrap() += 1;
            }
            _ => {}
        }
    }
    ends
}

proptest! {
    #[test]
    fn each_target_ends_an_interaction_once(acts in prop::collection::vec(any_act(), 1..60)) {
        let mut story = learning::school();
        let put = PutStream {
            stream: "guest:data".parse().unwrap(),
            stream_type: StreamType::Text,
            public: true,
            range: None,
        };
        story.send("guest", Command::PutStream(put)).unwrap();
        let mut requested = Vec::new();
        for act in &acts {
            let Some((sender, command)) = command(&mut story, &requested, act) else {
                continue;
            };
            let is_request = matches!(command, Command::RequestInteraction(_));
            if let Ok(events) = story.send(&sender, command)
                && is_request
            {
                requested.push(events[0].id.interaction());
            }
            prop_assert!(!story.world.interactions.has_work(), "something was left after {act:?}");
            let learning = story.world.runs.iter().filter(|(_, run)| run.action.as_str() == "learn");
            prop_assert!(learning.count() <= 1, "runs that learn overlap after {act:?}");
            // What is open has no end, and what has an end is not open.
            for ((id, target), ends) in count(&story) {
                let open = story.interaction(id);
                let view = open.as_ref().map(|open| {
                    open.targets.iter().find(|view| view.target.as_str() == target).unwrap()
                });
                let is_open = view.is_some_and(|view| view.ended_at.is_none());
                prop_assert_eq!(ends, u32::from(!is_open));
            }
        }
        // Everything ends at its deadline at the latest.
        story.now = story.now + Duration::from_secs(100);
        story.send("world", Command::FireDue).unwrap();
        prop_assert!(count(&story).values().all(|ends| *ends == 1));
        prop_assert!(story.open().is_empty());
        prop_assert_eq!(hash(&story.replayed()), hash(&story.world));
    }
}
