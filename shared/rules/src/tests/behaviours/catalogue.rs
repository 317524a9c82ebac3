//! Every action of the catalogue succeeds in one story and fails in another.

mod ends;
mod engagement;
mod links;
mod playlist;
mod reports;
mod requests;
mod runs;
mod scores;
mod streams;

use std::collections::BTreeMap;

use contract::behaviour::{BehaviourTransitioned, MemoryChange};
use contract::interaction::{InteractionEnded, InteractionRequested};
use serde_json::{Value, json};

use super::super::Story;
use super::story;
use crate::BUILT_IN_ACTIONS;

pub(super) use links::school;

/// An action, a story in which it succeeds, and one in which it fails.
type Row = (&'static str, fn() -> Story, fn() -> Story);

const FAMILIES: &[&[Row]] = &[
    links::ROWS,
    engagement::ROWS,
    requests::ROWS,
    runs::ROWS,
    streams::ROWS,
    playlist::ROWS,
    scores::ROWS,
    ends::ROWS,
    reports::ROWS,
];

/// How an action has ended in a story, as its log has it.
#[derive(Debug, Default)]
struct Outcomes {
    successes: u32,
    failures: u32,
}

fn outcomes(story: &Story, action: &str) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut requested: BTreeMap<String, String> = BTreeMap::new();
    let mut count = |is_success: bool| {
        if is_success {
            outcomes.successes += 1;
        } else {
            outcomes.failures += 1;
        }
    };
    for event in story.log.iter().flat_map(|commit| &commit.events) {
        let data = event.data.get();
        match event.event_type.as_str() {
            "behaviour.changed" => {
                let change: MemoryChange = serde_json::from_str(data).unwrap();
                if let Some(used) = change.used.filter(|used| used.action == action) {
                    count(used.result);
                }
            }
            "behaviour.transitioned" => {
                let made: BehaviourTransitioned = serde_json::from_str(data).unwrap();
                if made.action == action {
                    count(!made.failed);
                }
            }
            "interaction.requested" => {
                let request: InteractionRequested = serde_json::from_str(data).unwrap();
                let name = request.action.map(|name| name.to_string());
                requested.insert(event.id.interaction().to_string(), name.unwrap_or_default());
            }
            "interaction.ended" => {
                let ended: InteractionEnded = serde_json::from_str(data).unwrap();
                if requested[&ended.interaction.to_string()] == action {
                    count(ended.status.is_success());
                }
            }
            _ => {}
        }
    }
    outcomes
}

/// A story in which an action is requested with an argument that it does not take, or of an entity that
/// nobody may request it of.
fn refused(action: &str, args: Value) -> Story {
    let is_sent = BUILT_IN_ACTIONS
        .iter()
        .any(|built_in| built_in.name == action && !built_in.requestable);
    let transition = json!({"action": action, "args": args, "to": "done", "ready": is_sent,
        "delay_seconds": 3600});
    let machine =
        json!({"initial": "a", "states": {"a": {"transitions": [transition]}, "done": {}}});
    let mut story = story(&[("w", "worker", machine)]);
    let request = json!({"action": action, "targets": ["w"], "arguments": {"nonsense": 1}});
    story.asks("guest", request);
    assert_eq!(story.state("w"), "a");
    story
}

#[test]
fn every_action_of_the_catalogue_has_its_stories() {
    let listed: Vec<&str> = FAMILIES
        .iter()
        .flat_map(|family| family.iter().map(|(action, ..)| *action))
        .collect();
    let names: Vec<&str> = BUILT_IN_ACTIONS.iter().map(|action| action.name).collect();
    for name in &names {
        let count = listed.iter().filter(|other| *other == name).count();
        assert_eq!(count, 1, "{name} has {count} rows");
    }
    assert_eq!(listed.len(), names.len(), "a row of no action");
}

#[test]
fn every_action_succeeds_in_one_story_and_fails_in_another() {
    for (action, succeeds, fails) in FAMILIES.iter().copied().flatten() {
        let story = succeeds();
        let found = outcomes(&story, action);
        assert!(found.successes > 0, "{action} succeeds: {found:?}");
        story.replays();
        let story = fails();
        let found = outcomes(&story, action);
        assert!(found.failures > 0, "{action} fails: {found:?}");
        assert_eq!(found.successes, 0, "{action} fails: {found:?}");
        story.replays();
    }
}
