//! Built-in actions that are done at once, as an entity uses them by commands.

use contract::behaviour::{ActionResult, BadgePolicy, BadgeSource, BadgeSourceWord};
use contract::view::{GetActionResult, GetView};
use contract::{Command, RejectionCode, WorldSpec};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::super::Story;
use super::outcomes::{ends, once, worker};
use super::{all_types, declare, story};
use crate::view;

impl Story {
    /// An entity uses an action; whether it was true.
    pub(super) fn uses(&mut self, entity: &str, action: &str, arguments: Value) -> bool {
        let command = Command::UseAction {
            action: action.parse().unwrap(),
            arguments: Some(to_raw_value(&arguments).unwrap()),
            interaction: None,
        };
        self.send(entity, command).unwrap();
        self.result(entity).result
    }

    pub(super) fn result(&self, entity: &str) -> ActionResult {
        let entity: contract::EntityId = entity.parse().unwrap();
        let memory = self.world.behaviours.memory(&entity).unwrap();
        let command = memory.used.back().unwrap().command;
        let get = GetActionResult { entity, command };
        let view = view(&self.world, &get.into_request());
        serde_json::from_value(serde_json::to_value(view).unwrap()).unwrap()
    }
}

/// A student that can be engaged, and lets go.
pub(super) fn student() -> Value {
    json!({
        "initial": "init",
        "states": {
            "init": {"transitions": [{"action": "engage", "ready": false, "to": "engaged",
                                      "args": {"acceptable_role": "teacher"}}]},
            "engaged": {"transitions": [
                {"action": "disengage", "ready": false, "to": "init"},
                {"action": "engage", "ready": false, "to": "engaged",
                 "args": {"acceptable_role": "teacher"}}]},
        },
    })
}

fn school() -> Story {
    story(&[
        ("t", "teacher", json!(null)),
        ("s1", "student", student()),
        ("s2", "student", student()),
    ])
}

#[test]
fn links_are_made_and_connected_later() {
    let mut story = school();
    assert!(!story.uses("t", "connected", json!({})));
    assert!(!story.uses("t", "disconnected", json!({})));
    assert!(!story.uses("t", "connect_by_role", json!({"role": "nobody"})));
    assert!(story.uses("t", "connect_by_role", json!({"role": "student"})));
    assert!(story.uses("t", "agents_are_waiting", json!({})));
    assert!(!story.uses("t", "connect_by_role", json!({"role": "student"})));
    story.wakes_after(0.1);
    assert!(story.uses(
        "t",
        "connect_by_role",
        json!({"role": "world_agent~student", "accept_already_connected": true})
    ));
    assert!(!story.uses("t", "agents_are_waiting", json!({})));
    assert!(story.uses("t", "connected", json!({"handshake_completed": true})));
    assert!(story.uses("s1", "connected", json!({"agent": "t"})));
    assert!(story.uses("t", "disconnect", json!({"agent": "s1"})));
    assert!(!story.uses("s1", "connected", json!({"agent": "t"})));
    assert!(story.uses("t", "disconnected", json!({"agent": "s1"})));
    assert!(!story.uses("t", "disconnected", json!({"agent": ["s1", "s2"]})));
    assert!(story.uses("t", "disconnect_by_role", json!({"role": "student"})));
    assert!(story.uses("t", "disconnected", json!({"agent": ["s1", "s2"]})));
    assert!(story.uses("t", "connect_to", json!({"peer_id": "s1"})));
    assert!(!story.uses("t", "connect_to", json!({"peer_id": "nobody"})));
    story.replays();
}

#[test]
fn nothing_waits_for_a_peer_that_leaves_before_it_is_connected() {
    let mut story = school();
    assert!(story.uses("t", "connect_by_role", json!({"role": "student"})));
    for entity in ["s1", "s2"] {
        let entity = entity.parse().unwrap();
        story
            .send("world", Command::RemoveEntity { entity })
            .unwrap();
    }
    assert_eq!(story.world.next_due(), None);
    assert!(story.uses("t", "disconnected", json!({})));
    story.replays();
}

#[test]
fn engagement_is_exclusive_and_the_role_is_that_of_the_roster() {
    let mut story = story(&[
        ("t", "teacher", json!(null)),
        ("u", "teacher", json!(null)),
        ("x", "student", json!(null)),
        ("s", "student", student()),
    ]);
    assert!(story.uses("t", "all_engagements_completed", json!({})));
    assert!(!story.uses("t", "send_engage", json!({})));
    assert!(story.uses("t", "find_agents", json!({"role": "student"})));
    assert_eq!(story.result("t").found.len(), 2);
    assert!(!story.uses("t", "all_engagements_completed", json!({})));
    assert!(story.uses("t", "send_engage", json!({})));
    // The other student has no behaviour.
    assert_eq!(story.result("t").engaged, ["s".parse().unwrap()]);
    assert_eq!(story.result("t").found, ["x".parse().unwrap()]);
    story.asks("u", json!({"action": "engage", "targets": ["s"]}));
    story.asks(
        "x",
        json!({"action": "engage", "targets": ["s"], "arguments": {"sender_role": "teacher"}}),
    );
    let ended = ends(&story);
    let reasons: Vec<_> = ended.iter().filter_map(|end| end.2.as_deref()).collect();
    assert_eq!(reasons, ["unknown_action", "busy", "role_mismatch"]);
    story.asks("u", json!({"action": "disengage", "targets": ["s"]}));
    assert_eq!(
        ends(&story).last().unwrap().2.as_deref(),
        Some("not_engaged")
    );
    assert!(story.uses("t", "send_disengage", json!({})));
    assert_eq!(story.state("s"), "init");
    assert!(story.behaviour("s").available);
    assert!(!story.uses("t", "send_disengage", json!({})));
    assert!(story.uses(
        "u",
        "find_agents",
        json!({"role": "student", "engage": true})
    ));
    assert_eq!(story.behaviour("s").engaged, ["u".parse().unwrap()]);
    story.replays();
}

#[test]
fn of_many_engagers_one_becomes_the_partner() {
    let teachers: Vec<String> = (0..64).map(|number| format!("t{number}")).collect();
    let mut agents: Vec<(&str, &str, Value)> = vec![("s", "student", student())];
    agents.extend(
        teachers
            .iter()
            .map(|id| (id.as_str(), "teacher", json!(null))),
    );
    let mut story = story(&agents);
    for teacher in &teachers {
        story.asks(teacher, json!({"action": "engage", "targets": ["s"]}));
    }
    let ended = ends(&story);
    assert_eq!(ended.len(), 64);
    assert_eq!(ended.iter().filter(|end| end.1 == "completed").count(), 1);
    assert_eq!(story.behaviour("s").engaged.len(), 1);
    story.replays();
}

#[test]
fn partners_can_be_set() {
    let mut story = school();
    story.uses("t", "find_agents", json!({"role": "student"}));
    assert!(story.uses(
        "t",
        "set_engaged_partner",
        json!({"agent": ["s1"], "clear_found": false})
    ));
    assert_eq!(story.result("t").engaged.len(), 1);
    assert_eq!(story.result("t").found.len(), 2);
    assert!(story.uses("t", "set_engaged_partner", json!({"agent": null})));
    assert_eq!(
        (
            story.result("t").engaged.len(),
            story.result("t").found.len()
        ),
        (0, 0)
    );
    story.uses("t", "set_engaged_partner", json!({"agent": "s2"}));
    assert!(story.uses("t", "disengage_all", json!({})));
    assert!(story.result("t").engaged.is_empty());
}

#[test]
fn a_playlist_of_three_streams_twice() {
    let mut story = school();
    assert!(!story.uses("t", "first_pref_stream", json!({})));
    assert!(!story.uses("t", "next_pref_stream", json!({})));
    assert!(!story.uses("t", "check_pref_stream", json!({"what": "first"})));
    for name in ["a", "b", "c"] {
        declare(&mut story, &format!("t:{name}"));
    }
    let streams = json!({"net_hashes": ["<agent>:a", "t:b", "c", "t:unknown"], "repeat": 2});
    assert!(story.uses("t", "set_pref_streams", streams));
    let mut seen = Vec::new();
    for _ in 0..6 {
        let whats = [
            "first",
            "last",
            "last_round",
            "last_song",
            "not_first",
            "not_last",
        ];
        let at: String = whats
            .iter()
            .map(|what| {
                if story.uses("t", "check_pref_stream", json!({"what": what})) {
                    '1'
                } else {
                    '0'
                }
            })
            .collect();
        seen.push(at);
        assert!(story.uses("t", "next_pref_stream", json!({})));
    }
    assert_eq!(
        seen,
        ["100001", "000011", "000111", "001011", "001011", "011110"]
    );
    assert_eq!(story.result("t").playlist.position, 0);
    story.replays();
}

#[test]
fn badges_are_recorded_as_the_world_decides() {
    let mut story = school();
    let badge = |score: Value, badge_type: &str| json!({"agent": "s1", "score": score, "badge_type": badge_type});
    assert!(story.uses(
        "t",
        "suggest_badges_to_world",
        json!({"agent": "s1", "badge_description": "done"})
    ));
    assert!(story.uses("t", "suggest_badges_to_world", badge(json!(1), "pro")));
    assert!(!story.uses("s2", "suggest_badges_to_world", badge(json!(0.5), "pro")));
    let badges = |story: &Story| {
        all_types(story)
            .iter()
            .filter(|name| *name == "badge.awarded")
            .count()
    };
    assert_eq!(badges(&story), 2);
    let update = WorldSpec {
        badges: BadgePolicy {
            from: BadgeSource::Word(BadgeSourceWord::Anyone),
        },
        ..WorldSpec::default()
    };
    story.send("world", Command::ApplyWorld(update)).unwrap();
    assert!(story.uses(
        "s2",
        "suggest_badges_to_world",
        badge(json!(0.5), "attended")
    ));
    assert_eq!(badges(&story), 3);
}

#[test]
fn masters_change_roles_and_the_behaviour_is_that_of_the_role() {
    let mut story = school();
    let role = |entity: &str, role: &str| Command::SetRole {
        entity: entity.parse().unwrap(),
        role: Some(role.parse().unwrap()),
    };
    let refused = story.send("s1", role("s2", "teacher")).unwrap_err();
    assert_eq!(refused.code, RejectionCode::NotAllowed);
    assert!(story.send("t", role("s1", "dean")).is_err());
    assert!(!story.uses(
        "s1",
        "suggest_role_to_world",
        json!({"agent": "s2", "role": "teacher"})
    ));
    assert!(story.uses(
        "t",
        "suggest_role_to_world",
        json!({"agent": "s2", "role": "teacher"})
    ));
    let entity = story.world.entities.get(&"s2".parse().unwrap()).unwrap();
    assert_eq!(entity.role.as_ref().unwrap().as_str(), "teacher");
    assert!(!entity.master);
    story.replays();
}

#[test]
fn what_an_entity_can_not_use_is_refused_with_the_field() {
    let mut story = school();
    for (action, arguments, field) in [
        ("dance", json!({}), "action"),
        ("respond", json!({}), "action"),
        ("engage", json!({}), "action"),
        ("find_agents", json!({}), "arguments.role"),
        ("find_agents", json!({"role": 1}), "arguments.role"),
        (
            "find_agents",
            json!({"role": "x", "colour": 1}),
            "arguments.colour",
        ),
        ("find_agents", json!([]), "arguments"),
        (
            "connect_by_role",
            json!({"role": "student", "filter_fcn": "mine"}),
            "arguments.filter_fcn",
        ),
    ] {
        let command = Command::UseAction {
            action: action.parse().unwrap(),
            arguments: Some(to_raw_value(&arguments).unwrap()),
            interaction: None,
        };
        let refused = story.send("t", command).unwrap_err();
        assert_eq!(
            refused.field.as_deref(),
            Some(field),
            "{action} {arguments}"
        );
    }
}

#[test]
fn a_recording_is_a_range_and_a_subscription_is_new_data() {
    let recorder = once(
        "record",
        json!({"streams": ["<agent>:raw"], "num_steps": 3, "record_uuid": null}),
    );
    let mut story = story(&[("t", "teacher", recorder), ("w", "worker", worker())]);
    declare(&mut story, "t:raw");
    super::append(&mut story, "t:raw", &[json!(1), json!(2)]);
    assert_eq!(story.state("t"), "a");
    super::append(&mut story, "t:raw", &[json!(3), json!(4)]);
    assert_eq!(story.state("t"), "done");
    let recorded = story
        .world
        .streams
        .get(&"t:recorded1".parse().unwrap())
        .unwrap();
    assert_eq!(recorded.length(), 3);
    assert_eq!(recorded.range().unwrap().first, 1);
    let subscriber = json!({
        "initial": "a",
        "states": {"a": {"transitions": [{"action": "process", "to": "a"}]}},
    });
    let definition = contract::behaviour::Definition::from_json(&subscriber.to_string()).unwrap();
    let put = Command::PutBehaviour {
        entity: "w".parse().unwrap(),
        definition,
    };
    story.send("world", put).unwrap();
    let raw = json!({"stream_owners": ["t"], "stream_props": ["raw"]});
    assert!(!story.uses(
        "w",
        "subscribe",
        json!({"stream_owners": ["t"], "stream_props": ["cooked"]})
    ));
    assert!(story.uses("w", "subscribe", raw.clone()));
    assert!(!story.uses("w", "subscribe", raw.clone()));
    super::append(&mut story, "t:raw", &[json!(5), json!(6)]);
    assert_eq!(story.behaviour("w").subscriptions[0].lag, 0);
    story.next_writes(&[json!(5), json!(6)]);
    super::append(&mut story, "t:raw", &[json!(7)]);
    story.next_writes(&[json!(7)]);
    let mut ends = raw;
    ends["unsubscribe"] = json!(true);
    assert!(story.uses("w", "subscribe", ends));
    super::append(&mut story, "t:raw", &[json!(8)]);
    assert!(story.open().is_empty());
    story.replays();
}
