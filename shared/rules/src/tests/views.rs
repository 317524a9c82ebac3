//! The state as it is shown: the whole of it, and its outline.

use contract::ability::EventTypeVersion;
use contract::command::SetTimer;
use contract::view::{Outline, WorldView};
use contract::{Command, Entity, EntityKind};
use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::{Story, entity};
use crate::{outline, world_view};

/// A world in which there is something of everything.
fn begin() -> Story {
    let mut story = Story::begin(&["ada", "bob"]);
    let mic = Entity {
        state: Some(json!({"open": false})),
        state_schema: Some(json!({"type": "object"})),
        location: Some("hall".to_owned()),
        ..entity("mic", EntityKind::Object)
    };
    let event_type = EventTypeVersion {
        event_type: "shop.order".parse().unwrap(),
        version: 1,
        description: String::new(),
        schema: json!({"type": "object"}),
    };
    let timer = SetTimer {
        timer: "beat".parse().unwrap(),
        due: None,
        repeat: Some("* * * * *".to_owned()),
        event: None,
        message: None,
    };
    let run = Command::RequestAction {
        action: "echo".parse().unwrap(),
        entity: "bob".parse().unwrap(),
        arguments: Some(to_raw_value(&json!({"text": "a lot"})).unwrap()),
        deadline: None,
    };
    for command in [
        Command::CreateEntity(mic),
        Command::RegisterEventType(event_type),
        Command::SetTimer(timer),
        run,
    ] {
        story.send("world", command).unwrap();
    }
    story.say("@ada hello");
    story.say("@ada what is new?");
    story
}

fn json_of(view: &impl Serialize) -> Value {
    let text = serde_json::to_string(view).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn whoever_reads_a_view_gets_all_of_it() {
    let story = begin();
    let whole = json_of(&world_view(&story.world));
    let text = whole.to_string();
    let read: WorldView<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(json_of(&read), whole);
    let outlined = json_of(&outline(&story.world));
    let text = outlined.to_string();
    let read: Outline<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(json_of(&read), outlined);
}

#[test]
fn an_outline_is_the_state_without_what_makes_it_large() {
    let story = begin();
    let mut whole = json_of(&world_view(&story.world));
    for name in ["event_types", "timers"] {
        assert!(whole.as_object_mut().unwrap().remove(name).is_some());
    }
    let mic = whole["entities"]["mic"].as_object_mut().unwrap();
    assert!(mic.remove("state").is_some() && mic.remove("state_schema").is_some());
    let chat = whole["chats"]["main"].as_object_mut().unwrap();
    let messages = chat.remove("messages").unwrap();
    assert_eq!(messages.as_array().map(Vec::len), Some(2));
    for run in whole["invocations"].as_object_mut().unwrap().values_mut() {
        let run = run.as_object_mut().unwrap();
        run.remove("arguments");
        run.remove("depth");
        if let Some(answers) = run.get_mut("answers") {
            answers[1] = json!({"id": answers[1]["id"]});
        }
    }
    assert_eq!(json_of(&outline(&story.world)), whole);
}
