//! A behaviour binds on every door: messages, abilities and runs are requests too.

use contract::ability::{Ability, Executor};
use contract::behaviour::CustomAction;
use contract::{Chat, Command, Entity, EntityKind, NewEvent};
use serde_json::{Value, json};

use super::super::{Story, entity, post};
use super::outcomes::ends;
use super::{all_types, story, story_with};

fn chat(story: &mut Story) {
    let chat = Chat::new("main".parse().unwrap());
    story.send("world", Command::CreateChat(chat)).unwrap();
}

/// An agent that answers in the state `talks` only.
fn talker() -> Value {
    json!({
        "initial": "silent",
        "states": {
            "silent": {"transitions": [{"action": "nop", "ready": false, "to": "talks"}]},
            "talks": {"transitions": [
                {"action": "respond", "ready": false, "to": "tired", "on_failure": "silent"}]},
            "tired": {"transitions": [{"action": "nop", "ready": false, "to": "talks"}]},
        },
    })
}

#[test]
fn a_message_waits_for_a_state_that_answers() {
    let mut story = story(&[("w", "worker", talker())]);
    chat(&mut story);
    story.send("guest", post("hello")).unwrap();
    story.send("guest", post("are you there")).unwrap();
    assert!(story.open().is_empty());
    assert_eq!(story.world.next_due(), None);
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    assert_eq!(story.open().len(), 1);
    let run = story.open()[0];
    story.answer(run, "I am").unwrap();
    assert_eq!(story.state("w"), "tired");
    assert!(story.open().is_empty());
    story.replays();
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    let run = story.open()[0];
    story.fails(run, "broken");
    assert_eq!(story.state("w"), "silent");
    story.replays();
}

#[test]
fn an_answer_that_is_stopped_lets_the_machine_go_on() {
    let mut story = story(&[("w", "worker", talker())]);
    chat(&mut story);
    story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
    story.send("guest", post("hello")).unwrap();
    assert_eq!(story.open().len(), 1);
    let stop = Command::StopChat {
        chat: "main".parse().unwrap(),
    };
    story.send("guest", stop).unwrap();
    assert_eq!(story.state("w"), "silent");
    story.replays();
}

#[test]
fn who_answers_in_no_state_is_not_awaited() {
    let mut story = story(&[("w", "worker", super::outcomes::worker())]);
    chat(&mut story);
    let events = story.send("guest", post("hello")).unwrap();
    let types = super::types(&events);
    assert!(types.contains(&"chat.turn_ended"), "{types:?}");
    assert!(story.open().is_empty());
    story.replays();
}

#[test]
fn an_answer_in_one_chat_at_a_time() {
    let machine = json!({
        "initial": "talks",
        "states": {"talks": {"transitions": [{"action": "respond", "ready": false, "to": "talks"}]}},
    });
    let mut story = story(&[("w", "worker", machine)]);
    chat(&mut story);
    let other = Chat::new("other".parse().unwrap());
    story.send("world", Command::CreateChat(other)).unwrap();
    story.send("guest", post("one")).unwrap();
    let two = Command::PostMessage {
        chat: "other".parse().unwrap(),
        text: "two".into(),
        in_reply_to: None,
    };
    story.send("guest", two).unwrap();
    for answer in ["1", "2"] {
        assert_eq!(story.open().len(), 1);
        let run = story.open()[0];
        story.answer(run, answer).unwrap();
    }
    assert!(story.open().is_empty());
    assert_eq!(story.world.next_due(), None);
    story.replays();
}

#[test]
fn only_the_chats_in_which_something_waits_are_read_for_an_answer() {
    let mut story = story(&[("w", "worker", talker())]);
    let chats: Vec<contract::ChatId> = (0..50)
        .map(|number| format!("chat-{number}").parse().unwrap())
        .collect();
    for chat in &chats {
        let chat = Chat::new(chat.clone());
        story.send("world", Command::CreateChat(chat)).unwrap();
    }
    let agent = "w".parse().unwrap();
    for (answered, chat) in chats.iter().enumerate() {
        let message = Command::PostMessage {
            chat: chat.clone(),
            text: "hello".into(),
            in_reply_to: None,
        };
        story.send("guest", message).unwrap();
        assert_eq!(story.world.chats.chats_to_read(&agent), 1, "{answered}");
        story.asks("guest", json!({"action": "nop", "targets": ["w"]}));
        let run = story.open()[0];
        story.answer(run, "yes").unwrap();
        assert_eq!(story.world.chats.chats_to_read(&agent), 0);
    }
    // What is read from a snapshot has the same index.
    let message = Command::PostMessage {
        chat: chats[7].clone(),
        text: "hello".into(),
        in_reply_to: None,
    };
    story.send("guest", message).unwrap();
    let stored = serde_json::to_string(&story.world).unwrap();
    let mut restored: crate::World = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored.chats.chats_to_read(&agent), 1);
    assert!(restored.chats.has_exact_index());
    story.replays();
}

fn custom(name: &str) -> CustomAction {
    CustomAction {
        name: name.parse().unwrap(),
        arguments: None,
        requestable: true,
    }
}

/// A door that opens once.
fn door() -> Value {
    json!({
        "initial": "locked",
        "states": {
            "locked": {"transitions": [{"action": "nop", "ready": false, "to": "closed"}]},
            "closed": {"transitions": [{"action": "open", "ready": false, "to": "opened"}]},
            "opened": {},
        },
    })
}

#[test]
fn an_ability_is_a_request() {
    let mut story = story_with(&[("d", "door", door())], vec![custom("open")]);
    let described = Entity {
        role: Some("door".parse().unwrap()),
        abilities: vec![Ability {
            name: "open".parse().unwrap(),
            trigger: "door.open".parse().unwrap(),
            description: String::new(),
            arguments: None,
            run: Executor::Worker("door-open".parse().unwrap()),
            concurrent: false,
        }],
        ..entity("d", EntityKind::Agent)
    };
    let update = contract::command::EntityUpdate {
        kind: None,
        entity: described.id.clone(),
        name: None,
        agent: None,
        description: None,
        abilities: Some(described.abilities),
        metadata: None,
    };
    story.send("world", Command::UpdateEntity(update)).unwrap();
    let event: NewEvent = serde_json::from_value(json!({"type": "door.open", "data": {}})).unwrap();
    let send = Command::SendEvents {
        events: vec![event],
        message: None,
    };
    story.send("guest", send).unwrap();
    assert!(story.open().is_empty());
    story.asks("guest", json!({"action": "nop", "targets": ["d"]}));
    let run = story.world.runs.iter().next().unwrap();
    assert_eq!(run.1.action.as_str(), "door-open");
    let run = run.0;
    story.completes(run, &json!(null), &[]);
    assert_eq!(story.state("d"), "opened");
    story.replays();
}

#[test]
fn a_run_is_a_request() {
    let mut story = story_with(&[("d", "door", door())], vec![custom("open")]);
    let request = |action: &str| Command::RequestAction {
        action: action.parse().unwrap(),
        entity: "d".parse().unwrap(),
        arguments: None,
        deadline: None,
    };
    story.send("world", request("dance")).unwrap();
    assert_eq!(ends(&story)[0].2.as_deref(), Some("unknown_action"));
    story.send("world", request("open")).unwrap();
    assert!(story.open().is_empty());
    story.asks("guest", json!({"action": "nop", "targets": ["d"]}));
    let run = story.open()[0];
    story.completes(run, &json!(true), &[]);
    assert_eq!(story.state("d"), "opened");
    assert!(!all_types(&story).contains(&"behaviour.deferred".to_owned()));
    story.replays();
}
