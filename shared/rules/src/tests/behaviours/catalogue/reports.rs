//! What an entity suggests to the world.

use serde_json::json;

use super::super::super::Story;
use super::super::all_types;
use super::links::school;
use super::{Row, refused};

pub(super) const ROWS: &[Row] = &[
    (
        "suggest_badges_to_world",
        a_master_suggests_a_badge,
        a_student_suggests_a_badge,
    ),
    (
        "suggest_role_to_world",
        a_master_suggests_a_role,
        a_student_suggests_a_role,
    ),
    ("ask_world_stats", the_statistics_are_there, || {
        refused("ask_world_stats", json!({}))
    }),
];

fn count(story: &Story, event_type: &str) -> usize {
    let types = all_types(story);
    types.iter().filter(|name| *name == event_type).count()
}

/// Without a score, and with one; each agent once.
fn a_master_suggests_a_badge() -> Story {
    let mut story = school();
    let badge = json!({"agent": "s", "badge_description": "Completed the Animal School"});
    assert!(story.uses("t", "suggest_badges_to_world", badge));
    let badges = json!({"agent": ["s", "s"], "score": 1, "badge_type": "pro"});
    assert!(story.uses("t", "suggest_badges_to_world", badges));
    assert_eq!(count(&story, "badge.awarded"), 2);
    story
}

fn a_student_suggests_a_badge() -> Story {
    let mut story = school();
    assert!(!story.uses(
        "s",
        "suggest_badges_to_world",
        json!({"agent": "s", "score": 1})
    ));
    // Nobody is meant.
    assert!(!story.uses("t", "suggest_badges_to_world", json!({})));
    assert_eq!(count(&story, "badge.awarded"), 0);
    story
}

fn a_master_suggests_a_role() -> Story {
    let mut story = school();
    let role = json!({"agent": "s", "role": "world_agent~teacher"});
    assert!(story.uses("t", "suggest_role_to_world", role));
    let entity = story.world.entities.get(&"s".parse().unwrap()).unwrap();
    assert_eq!(entity.role.as_ref().unwrap().as_str(), "teacher");
    story
}

fn a_student_suggests_a_role() -> Story {
    let mut story = school();
    assert!(!story.uses(
        "s",
        "suggest_role_to_world",
        json!({"agent": "s", "role": "teacher"})
    ));
    let entity = story.world.entities.get(&"s".parse().unwrap()).unwrap();
    assert_eq!(entity.role.as_ref().unwrap().as_str(), "student");
    story
}

fn the_statistics_are_there() -> Story {
    let mut story = school();
    assert!(story.uses("t", "ask_world_stats", json!({})));
    assert!(story.uses("s", "ask_world_stats", json!({"filters": null})));
    story
}
