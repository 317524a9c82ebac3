//! Who has changed what the world is made of.

use contract::command::EntityUpdate;
use contract::fact::ConfigurationChanged;
use contract::{Command, EntityKind, Event};

use super::story::entity;
use super::{Story, hash, types};

const AUDIT: &str = "world.configuration_changed";

fn update(name: &str) -> Command {
    let update = EntityUpdate {
        entity: "ada".parse().unwrap(),
        name: Some(name.to_owned()),
        kind: None,
        agent: None,
        description: None,
        abilities: None,
        metadata: None,
    };
    Command::UpdateEntity(update)
}

fn audit(event: &Event) -> ConfigurationChanged {
    serde_json::from_str(event.data.get()).unwrap()
}

#[test]
fn a_change_names_the_client_behind_it() {
    let mut story = Story::begin(&["ada"]);
    assert_eq!(
        types(&story.send("world", update("Ada")).unwrap()),
        ["entity.updated"]
    );
    story.principal = Some("key:deployment".to_owned());
    let events = story.send("world", update("Countess")).unwrap();
    assert_eq!(types(&events), ["entity.updated", AUDIT]);
    let expected = ConfigurationChanged {
        principal: "key:deployment".to_owned(),
        command: story.log.last().unwrap().commands[0].id,
        changes: ["entity.updated".parse().unwrap()].into(),
    };
    assert_eq!(audit(&events[1]), expected);
    assert_eq!(events[1].id, expected.command.event(1));
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn what_changes_nothing_is_not_a_change() {
    let mut story = Story::begin(&["ada"]);
    story.send("world", update("Ada")).unwrap();
    story.principal = Some("key:deployment".to_owned());
    assert!(story.send("world", update("Ada")).unwrap().is_empty());
    let bob = Command::CreateEntity(entity("ada", EntityKind::Agent));
    assert!(story.send("world", bob).is_err());
}

#[test]
fn what_follows_from_a_change_comes_behind_who_made_it() {
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    story.principal = Some("token:ann".to_owned());
    let remove = Command::RemoveEntity {
        entity: "ada".parse().unwrap(),
    };
    let events = story.send("world", remove).unwrap();
    let change = events
        .iter()
        .position(|event| event.event_type.as_str() == AUDIT);
    let (change, follow_ups) = events.split_at(change.unwrap());
    let mut changes: Vec<_> = change
        .iter()
        .map(|event| event.event_type.clone())
        .collect();
    changes.sort();
    assert_eq!(
        audit(&follow_ups[0])
            .changes
            .into_iter()
            .collect::<Vec<_>>(),
        changes
    );
    assert_eq!(types(&follow_ups[1..]), ["chat.turn_ended"]);
}

#[test]
fn a_deleted_world_has_nothing_behind_its_end() {
    let mut story = Story::begin(&["ada"]);
    story.principal = Some("key:deployment".to_owned());
    let events = story.send("world", Command::DeleteWorld).unwrap();
    assert_eq!(types(&events), ["world.deleted"]);
}
