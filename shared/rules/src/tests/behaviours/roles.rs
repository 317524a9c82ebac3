//! Roles that change while machines run.

use contract::WorldSpec;
use contract::behaviour::{Definition, RoleSpec};
use contract::{Command, Entity, EntityKind};
use serde_json::{Value, json};

use super::super::{Story, entity};
use super::declare;
use super::outcomes::once;
use crate::World;

/// A world whose roles have behaviours: `t` is a teacher and master, `s` a student.
fn school(teacher: Value, student: Value) -> Story {
    let mut story = Story {
        principal: None,
        world: World::new("w".parse().unwrap()),
        log: Vec::new(),
        now: contract::Timestamp::from_unix_ms(1_000_000),
    };
    let mut spec = WorldSpec::default();
    for (role, behaviour) in [("teacher", teacher), ("student", student)] {
        let described = RoleSpec {
            behaviour: Some(Definition::from_json(&behaviour.to_string()).unwrap()),
        };
        spec.roles.insert(role.parse().unwrap(), described);
    }
    spec.entities.push(entity("guest", EntityKind::User));
    for (id, role) in [("t", "teacher"), ("s", "student")] {
        spec.entities.push(Entity {
            role: Some(role.parse().unwrap()),
            master: role == "teacher",
            ..entity(id, EntityKind::Agent)
        });
    }
    story.send("world", Command::CreateWorld(spec)).unwrap();
    story
}

fn idle() -> Value {
    json!({"initial": "idle", "states": {"idle": {}}})
}

#[test]
fn who_gets_another_role_begins_without_partners() {
    let student = json!({"initial": "init", "states": {
        "init": {"transitions": [{"action": "engage", "ready": false, "to": "engaged"}]},
        "engaged": {}}});
    let mut story = school(idle(), student);
    story.asks("t", json!({"action": "engage", "targets": ["s"]}));
    declare(&mut story, "s:a");
    story.uses("s", "find_agents", json!({"role": "teacher"}));
    story.uses("s", "set_pref_streams", json!({"net_hashes": "s:a"}));
    assert_eq!(story.behaviour("s").engaged, ["t".parse().unwrap()]);
    assert!(story.uses(
        "t",
        "suggest_role_to_world",
        json!({"agent": "s", "role": "teacher"})
    ));
    let promoted = story.behaviour("s");
    assert_eq!(promoted.state, "idle");
    assert!(promoted.available);
    assert!(promoted.engaged.is_empty() && promoted.found.is_empty());
    assert!(promoted.playlist.streams.is_empty());
    // Links are not of a role.
    assert_eq!(promoted.links.len(), 1);
    story.replays();
}

/// The new behaviour begins in its initial state, whatever the old one was about to do.
#[test]
fn who_gives_itself_another_role_begins_with_its_behaviour() {
    let promotes = once(
        "suggest_role_to_world",
        json!({"agent": "<agent>", "role": "student"}),
    );
    let student = json!({"initial": "init", "states": {
        "init": {"action": "set_pref_streams", "args": {"net_hashes": "x"}, "transitions": [
            {"action": "nop", "ready": false, "to": "next"}]},
        "next": {}}});
    let mut story = school(promotes, student);
    assert_eq!(story.state("t"), "init");
    story.asks("guest", json!({"action": "nop", "targets": ["t"]}));
    assert_eq!(story.state("t"), "next");
    story.replays();
}

#[test]
fn the_action_of_a_state_may_give_another_role() {
    let promotes = json!({"initial": "a", "states": {"a": {
        "action": "suggest_role_to_world", "args": {"agent": "<agent>", "role": "student"}}}});
    let student = json!({"initial": "init", "states": {
        "init": {"action": "suggest_badges_to_world", "args": {"agent": "<agent>"}}}});
    let story = school(promotes, student);
    assert_eq!(story.state("t"), "init");
    let types = super::all_types(&story);
    assert!(types.contains(&"badge.awarded".to_owned()), "{types:?}");
    story.replays();
}
