//! Descriptions that do not fit in one commit.

use std::sync::Arc;

use contract::{
    Chat, Command, CommandId, Commit, Entity, EntityKind, Event, Rejection, RejectionCode,
    WorldSpec,
};
use serde_json::json;

use super::{Story, entity, hash, post, types};
use crate::{COMMAND_BYTES_MAX, COMMAND_EVENTS_MAX, StoredSpec, World, size_bytes};

/// A world that is not there yet.
fn nowhere() -> Story {
    Story {
        principal: None,
        world: World::new("w".parse().unwrap()),
        log: Vec::new(),
        now: contract::Timestamp::from_unix_ms(1_000_000),
    }
}

impl Story {
    fn begins(
        &mut self,
        spec: &WorldSpec,
        create: bool,
    ) -> Result<(CommandId, Vec<Event>), Rejection> {
        let command = self.next_id();
        self.world.set_stored_spec(Some(StoredSpec {
            command,
            spec: Some(Arc::new(spec.clone())),
        }));
        let events = self.send_as(command, "world", Command::ApplyStoredWorld { create })?;
        Ok((command, events))
    }

    /// Applies all of a description; how many commits that took.
    fn applies(&mut self, spec: &WorldSpec, create: bool) -> usize {
        let before = self.log.len();
        let (command, _) = self.begins(spec, create).unwrap();
        while self.world.applying().is_some() {
            assert_eq!(self.world.next_due(), Some(self.world.at));
            // As another service that takes the world over.
            self.world = self.replayed();
            self.world.set_stored_spec(Some(StoredSpec {
                command,
                spec: Some(Arc::new(spec.clone())),
            }));
            let events = self.send("world", Command::FireDue).unwrap();
            assert!(!events.is_empty());
        }
        self.world.set_stored_spec(None);
        self.log.len() - before
    }
}

fn agent(index: usize, prompt_bytes: usize) -> Entity {
    let mut agent = entity(&format!("a{index}"), EntityKind::Agent);
    agent.description = "x".repeat(prompt_bytes);
    agent
}

fn described(agents: usize, prompt_bytes: usize) -> WorldSpec {
    let mut entities: Vec<Entity> = (0..agents)
        .map(|index| agent(index, prompt_bytes))
        .collect();
    entities.push(entity("guest", EntityKind::User));
    WorldSpec {
        entities,
        chats: vec![Chat::new("main".parse().unwrap())],
        ..WorldSpec::default()
    }
}

#[test]
fn a_large_description_takes_several_commits_and_makes_the_world_that_it_describes() {
    for (agents, prompt_bytes, commits) in [(3, 10, 1), (1500, 10, 3), (400, 4000, 5)] {
        let spec = described(agents, prompt_bytes);
        let mut story = nowhere();
        assert_eq!(
            story.applies(&spec, true),
            commits,
            "{agents} {prompt_bytes}"
        );
        for commit in &story.log {
            let bytes: usize = commit.events.iter().map(size_bytes).sum();
            assert!(bytes <= COMMAND_BYTES_MAX && commit.events.len() <= COMMAND_EVENTS_MAX);
        }
        assert_eq!(story.world.entities.len(), agents + 1);
        story.replays();
        // The same again changes nothing.
        let begun = story.log.len();
        assert_eq!(story.applies(&spec, false), 1);
        assert_eq!(
            types(&story.log[begun].events),
            ["world.apply_begun", "world.apply_ended"]
        );
        // What is different is changed, and what is not described stays.
        let mut other = described(agents, prompt_bytes + 1);
        other.chats.clear();
        story.applies(&other, false);
        let lengths = story
            .world
            .entities
            .iter()
            .map(|entity| entity.description.len());
        assert_eq!(lengths.max(), Some(prompt_bytes + 1));
        assert!(story.world.chats.get(&"main".parse().unwrap()).is_some());
        story.replays();
    }
}

#[test]
fn nothing_happens_before_all_of_it_is_there() {
    let mut spec = described(1500, 10);
    let machine = json!({"initial": "a", "states": {"a": {"transitions": [{"action": "nop", "to": "b"}]}, "b": {}}});
    let definition = contract::behaviour::Definition::from_json(&machine.to_string()).unwrap();
    for index in [0, 700, 1499] {
        let id = format!("a{index}").parse().unwrap();
        spec.behaviours.insert(id, definition.clone());
    }
    let mut story = nowhere();
    let commits = story.applies(&spec, true);
    let moves = |commit: &Commit| {
        let types = types(&commit.events);
        types
            .iter()
            .filter(|name| **name == "behaviour.transitioned")
            .count()
    };
    let (last, parts) = story.log[..commits].split_last().unwrap();
    assert_eq!(parts.iter().map(moves).sum::<usize>(), 0);
    assert_eq!(moves(last), 3);
    story.replays();
}

#[test]
fn a_description_that_is_refused_changes_nothing() {
    let mut story = nowhere();
    let mut spec = described(1500, 10);
    spec.entities.push(agent(3, 1));
    let refused = story.begins(&spec, true).unwrap_err();
    assert_eq!(refused.field.unwrap(), "entities[1501].id");
    let mut spec = described(1500, 10);
    spec.entities.push(agent(1501, COMMAND_BYTES_MAX));
    let refused = story.begins(&spec, true).unwrap_err();
    assert!(
        matches!(
            refused.code,
            RejectionCode::TooLarge | RejectionCode::Invalid
        ),
        "{refused:?}"
    );
    assert!(!story.world.exists() && story.log.is_empty());
}

#[test]
fn a_description_that_is_not_stored_is_refused() {
    let mut story = Story::begin(&[]);
    let refused = story.send("world", Command::ApplyStoredWorld { create: false });
    assert_eq!(refused.unwrap_err().code, RejectionCode::Expired);
}

#[test]
fn what_was_lost_of_a_description_does_not_stop_the_world() {
    let mut story = nowhere();
    story.begins(&described(1500, 10), true).unwrap();
    assert!(story.world.applying().is_some());
    story.world.set_stored_spec(None);
    let events = story.send("world", Command::FireDue).unwrap();
    assert_eq!(types(&events), ["world.apply_ended"]);
    assert!(events[0].data.get().contains("not stored any more"));
    story.send("guest", post("hello")).unwrap_err();
    assert_eq!(story.world.applying(), None);
    story.replays();
    assert!(!hash(&story.world).contains("applying"));
}
