//! Custom actions that workers have registered.

use contract::behaviour::{CustomAction, DeclaredAction, Definition};
use contract::{Command, Event, Rejection, WorldSpec};
use serde_json::{Value, json};

use super::super::Story;
use super::outcomes::once;
use super::{all_types, story, story_with};

fn custom(name: &str, arguments: Option<Value>) -> CustomAction {
    CustomAction {
        name: name.parse().unwrap(),
        arguments,
        requestable: true,
    }
}

/// What takes an argument of this name alone.
fn takes(argument: &str) -> Option<Value> {
    let schema = json!({"type": "object", "properties": {argument: {"type": "integer"}},
        "additionalProperties": false});
    Some(schema)
}

fn registered(name: &str, arguments: Option<Value>) -> DeclaredAction {
    DeclaredAction {
        action: custom(name, arguments),
        by: "school".into(),
    }
}

impl Story {
    fn workers_register(&mut self, actions: &[DeclaredAction]) {
        self.world.set_registered_actions(actions.into());
    }

    fn puts(&mut self, entity: &str, behaviour: Value) -> Result<Vec<Event>, Rejection> {
        let entity = entity.parse().unwrap();
        let definition = Definition::from_json(&behaviour.to_string()).unwrap();
        self.send("world", Command::PutBehaviour { entity, definition })
    }
}

fn types(events: &[Event]) -> Vec<&str> {
    let types = events.iter().map(|event| event.event_type.as_str());
    types.take(2).collect()
}

#[test]
fn a_registered_action_is_declared_in_the_log_when_a_behaviour_uses_it() {
    let mut story = story(&[("a", "student", json!(null)), ("b", "student", json!(null))]);
    let uses = || once("grade", json!({"level": 1}));
    let refused = story.puts("a", uses()).unwrap_err();
    assert_eq!(
        refused.field.as_deref(),
        Some("states.a.transitions[0].action")
    );
    story.workers_register(&[
        registered("grade", takes("level")),
        registered("other", None),
    ]);
    let events = story.puts("a", uses()).unwrap();
    assert_eq!(types(&events), ["action.declared", "behaviour.set"]);
    let declared: Value = serde_json::from_str(events[0].data.get()).unwrap();
    assert_eq!(declared["name"], "grade");
    assert_eq!(declared["by"], "school");
    assert_eq!(events[0].sender.as_str(), "world");
    assert_eq!(story.open().len(), 1, "it is run");
    // The log has it: neither the same worker nor any other is needed for it any more.
    story.workers_register(&[]);
    let events = story.puts("b", uses()).unwrap();
    assert_eq!(types(&events)[0], "behaviour.set");
    let refused = story.puts("b", once("other", json!({}))).unwrap_err();
    assert_eq!(
        refused.field.as_deref(),
        Some("states.a.transitions[0].action")
    );
    story.replays();
}

#[test]
fn the_schema_of_a_registered_action_is_held_to() {
    let mut story = story(&[("a", "student", json!(null))]);
    story.workers_register(&[registered("grade", takes("level"))]);
    let refused = story
        .puts("a", once("grade", json!({"lvl": 1})))
        .unwrap_err();
    let field = refused.field.unwrap();
    assert!(field.starts_with("states.a.transitions[0].args"), "{field}");
    assert!(!all_types(&story).contains(&"action.declared".to_owned()));
}

#[test]
fn what_is_registered_otherwise_later_counts_for_behaviours_that_are_applied_later() {
    let mut story = story(&[("a", "student", json!(null)), ("b", "student", json!(null))]);
    story.workers_register(&[registered("grade", takes("level"))]);
    story.puts("a", once("grade", json!({"level": 1}))).unwrap();
    story.workers_register(&[registered("grade", takes("depth"))]);
    let before = story.behaviour("a").revision;
    let events = story.puts("b", once("grade", json!({"depth": 1}))).unwrap();
    assert_eq!(types(&events), ["action.declared", "behaviour.set"]);
    assert_eq!(story.behaviour("a").revision, before);
    assert!(story.puts("b", once("grade", json!({"level": 1}))).is_err());
    story.replays();
}

#[test]
fn the_description_of_a_world_goes_before_what_workers_register() {
    let mut story = story_with(
        &[("a", "student", json!(null))],
        vec![custom("grade", takes("level"))],
    );
    story.workers_register(&[registered("grade", takes("depth"))]);
    assert!(story.puts("a", once("grade", json!({"depth": 1}))).is_err());
    let events = story.puts("a", once("grade", json!({"level": 1}))).unwrap();
    assert_eq!(types(&events)[0], "behaviour.set");
}

#[test]
fn an_invalid_registration_counts_as_none() {
    let mut story = story(&[("a", "student", json!(null))]);
    story.workers_register(&[
        registered("grade", Some(json!({"type": "nonsense"}))),
        registered("nop", None),
    ]);
    assert!(story.puts("a", once("grade", json!({}))).is_err());
    let events = story.puts("a", once("nop", json!({}))).unwrap();
    assert_eq!(types(&events)[0], "behaviour.set");
}

#[test]
fn a_world_file_may_use_what_workers_have_registered() {
    let mut story = story(&[("a", "student", json!(null))]);
    story.workers_register(&[registered("grade", None)]);
    let behaviour = Definition::from_json(&once("grade", json!({})).to_string()).unwrap();
    let mut spec = WorldSpec::default();
    for id in ["a", "b"] {
        spec.entities
            .push(super::super::entity(id, contract::EntityKind::Agent));
        spec.behaviours
            .insert(id.parse().unwrap(), behaviour.clone());
    }
    story.send("world", Command::ApplyWorld(spec)).unwrap();
    let declared = all_types(&story)
        .iter()
        .filter(|event_type| *event_type == "action.declared")
        .count();
    assert_eq!(declared, 1, "once for both");
    story.replays();
}
