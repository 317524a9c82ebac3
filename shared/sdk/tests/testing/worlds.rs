//! World files, commands and their errors.

use std::error::Error as _;

use manyworlds_sdk::contract::{Command, RejectionCode, WorldSpec};
use manyworlds_sdk::testing::{Error, TestWorld};

use crate::support::{Rings, lab};

#[test]
fn a_mistyped_field_of_a_world_file_is_named() {
    let text = "{id: lab, entities: [{id: ada, kind: agent, agent: {brian: {script: {}}}}]}";
    let error = TestWorld::from_world_file(text).err().unwrap();
    assert!(matches!(error, Error::WorldFile { .. }), "{error:?}");
    let source = error.source().unwrap().to_string();
    let expected =
        "line 1, column 53: entities[0].agent.brian: unknown field, did you mean `brain`?";
    assert_eq!(source, expected);
}

#[test]
fn a_world_file_that_breaks_a_rule_is_rejected_at_its_field() {
    let text = "{id: lab, entities: [{id: a, kind: user}, {id: a, kind: user}]}";
    let error = TestWorld::from_world_file(text).err().unwrap();
    let text = error.to_string();
    assert_eq!(
        text,
        "the world rejected the command apply_world (field entities[1].id)"
    );
    assert_eq!(error.rejection().unwrap().code, RejectionCode::Invalid);
}

#[test]
fn a_rejected_command_names_its_rule_and_field() {
    let mut world = lab();
    let before = world.events().len();
    let error = world.send("nobody", &Rings { times: 1 }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the world rejected the command send_events (field sender)"
    );
    assert_eq!(
        error.rejection().unwrap().code,
        RejectionCode::UnknownEntity
    );
    assert_eq!(world.events().len(), before);
}

#[test]
fn a_name_that_is_no_id_is_an_error() {
    let error = lab().post_message("guest", "a chat", "hello").unwrap_err();
    assert!(matches!(error, Error::InvalidId { .. }), "{error:?}");
}

#[test]
fn a_command_returns_its_events() {
    let mut world = TestWorld::new("empty", WorldSpec::default()).unwrap();
    let chat = serde_json::from_str(r#"{"id": "main"}"#).unwrap();
    let events = world.command("world", Command::CreateChat(chat)).unwrap();
    assert_eq!(events[0].event_type.as_str(), "chat.created");
    let no_change = Command::UpdateChat {
        chat: "main".parse().unwrap(),
        title: None,
        agents: None,
    };
    let events = world.command("world", no_change).unwrap();
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn the_same_steps_give_the_same_log() {
    let log = || {
        let mut world = lab();
        world.send("guest", &Rings { times: 1 }).unwrap();
        world.post_message("guest", "main", "hello").unwrap();
        serde_json::to_string(&world.events()).unwrap()
    };
    assert_eq!(log(), log());
}
