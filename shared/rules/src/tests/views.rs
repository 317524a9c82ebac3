//! The state as it is shown: all of it, and its outline.

use contract::ability::EventTypeVersion;
use contract::command::SetTimer;
use contract::view::{
    GetActivity, GetAgent, GetAgents, GetApprovals, GetChat, GetChatOutline, GetChats, GetEntities,
    GetEntity, GetEventTypes, GetOutline, GetProfile, GetRun, GetRuns, GetView, GetWhole,
    ViewRequest,
};
use contract::{ChatId, Command, Entity, EntityId, EntityKind};
use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::{Story, entity};
use crate::view;

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
        zone: None,
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

fn entity_id(id: &str) -> EntityId {
    id.parse().unwrap()
}

fn chat_id(id: &str) -> ChatId {
    id.parse().unwrap()
}

/// What of the story's world is shown, as JSON.
fn show(story: &Story, request: &ViewRequest) -> Value {
    let text = serde_json::to_string(&view(&story.world, request)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The same, as its requester decodes and encodes it.
fn read<G: GetView>(story: &Story, request: G) -> Value
where
    G::View: Serialize,
{
    let text = serde_json::to_string(&view(&story.world, &request.into_request())).unwrap();
    let read: G::View = serde_json::from_str(&text).unwrap();
    serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap()
}

fn assert_reads_all<G: GetView + Clone>(story: &Story, request: G)
where
    G::View: Serialize,
{
    let shown = show(story, &request.clone().into_request());
    assert_eq!(read(story, request), shown);
}

#[test]
fn a_reader_of_a_view_gets_all_of_it() {
    let story = begin();
    let (ada, mic, main) = (entity_id("ada"), entity_id("mic"), chat_id("main"));
    let run = story.world.runs.iter().next().unwrap().0;
    assert_reads_all(&story, GetWhole);
    assert_reads_all(&story, GetOutline);
    assert_reads_all(&story, GetProfile);
    assert_reads_all(&story, GetEntity { id: mic });
    assert_reads_all(&story, GetEntities::default());
    assert_reads_all(&story, GetAgent { id: ada });
    assert_reads_all(&story, GetAgents);
    assert_reads_all(&story, GetChat { id: main.clone() });
    assert_reads_all(&story, GetChatOutline { id: main });
    assert_reads_all(&story, GetChats::default());
    assert_reads_all(&story, GetRun { id: run });
    assert_reads_all(&story, GetRuns::default());
    assert_reads_all(&story, GetApprovals);
    assert_reads_all(&story, GetActivity::default());
    assert_reads_all(&story, GetEventTypes);
    assert_reads_all(&story, (GetProfile, vec![GetOutline, GetOutline]));
}

#[test]
fn an_outline_is_the_state_without_what_makes_it_large() {
    let story = begin();
    let mut full = show(&story, &ViewRequest::Whole);
    for name in ["event_types", "timers"] {
        assert!(full.as_object_mut().unwrap().remove(name).is_some());
    }
    let mic = full["entities"]["mic"].as_object_mut().unwrap();
    assert!(mic.remove("state").is_some() && mic.remove("state_schema").is_some());
    let chat = full["chats"]["main"].as_object_mut().unwrap();
    let messages = chat.remove("messages").unwrap();
    assert_eq!(messages.as_array().map(Vec::len), Some(2));
    for run in full["invocations"].as_object_mut().unwrap().values_mut() {
        let run = run.as_object_mut().unwrap();
        run.remove("arguments");
        run.remove("depth");
        if let Some(answers) = run.get_mut("answers") {
            answers[1] = json!({"id": answers[1]["id"]});
        }
    }
    assert_eq!(show(&story, &ViewRequest::Outline), full);
}

#[test]
fn a_part_of_the_state_is_shown_as_it_is_in_the_full_view() {
    let story = begin();
    let full = show(&story, &ViewRequest::Whole);
    let outline = show(&story, &ViewRequest::Outline);
    let (mic, main) = (entity_id("mic"), chat_id("main"));
    let (run, _) = story.world.runs.iter().next().unwrap();
    for (request, expected) in [
        (
            GetEntity { id: mic }.into_request(),
            &full["entities"]["mic"],
        ),
        (
            GetChat { id: main.clone() }.into_request(),
            &full["chats"]["main"],
        ),
        (
            GetChatOutline { id: main }.into_request(),
            &outline["chats"]["main"],
        ),
        (
            GetRun { id: run }.into_request(),
            &full["invocations"][run.to_string()],
        ),
        (ViewRequest::EventTypes, &full["event_types"]),
    ] {
        assert!(!expected.is_null(), "{request:?}");
        assert_eq!(show(&story, &request), *expected, "{request:?}");
    }
    let profile = show(&story, &ViewRequest::Profile);
    for (field, value) in profile.as_object().unwrap() {
        match field.as_str() {
            "entity_count" => assert_eq!(value, full["entities"].as_object().unwrap().len()),
            "chat_count" => assert_eq!(value, full["chats"].as_object().unwrap().len()),
            _ => assert_eq!(*value, full[field], "{field}"),
        }
    }
    let activity = show(&story, &GetActivity::default().into_request());
    assert_eq!(activity["runs"], outline["invocations"]);
    assert_eq!(activity["answering"], json!({"main": ["ada"]}));
}

#[test]
fn what_a_world_does_not_have_is_null() {
    let story = begin();
    for request in [
        GetEntity {
            id: entity_id("eve"),
        }
        .into_request(),
        // No agent.
        GetAgent {
            id: entity_id("mic"),
        }
        .into_request(),
        GetChat {
            id: chat_id("other"),
        }
        .into_request(),
        GetChatOutline {
            id: chat_id("other"),
        }
        .into_request(),
    ] {
        assert_eq!(show(&story, &request), Value::Null, "{request:?}");
    }
    let all = (
        GetEntity {
            id: entity_id("eve"),
        },
        GetEntity {
            id: entity_id("mic"),
        },
    );
    let all = show(&story, &all.into_request());
    assert_eq!((&all[0], &all[1]["id"]), (&Value::Null, &json!("mic")));
}

#[test]
fn entities_are_found_by_kind_and_name_page_by_page() {
    let mut story = begin();
    for id in ["twin-1", "twin-2"] {
        let twin = Entity {
            name: "Twin".to_owned(),
            ..entity(id, EntityKind::Object)
        };
        story.send("world", Command::CreateEntity(twin)).unwrap();
    }
    let ids = |request: GetEntities| {
        let page = show(&story, &request.into_request());
        let items = page["items"].as_array().unwrap();
        let ids: Vec<_> = items.iter().map(|item| item["id"].clone()).collect();
        (json!(ids), page["next"].clone())
    };
    let twins = GetEntities {
        name: Some("Twin".to_owned()),
        ..GetEntities::default()
    };
    let agents = GetEntities {
        kind: Some(EntityKind::Agent),
        ..GetEntities::default()
    };
    let first = GetEntities {
        limit: Some(1),
        ..twins.clone()
    };
    let last = GetEntities {
        after: Some(entity_id("twin-1")),
        ..first.clone()
    };
    let named = |id: &str| GetEntities {
        name_id: Some(id.to_owned()),
        ..GetEntities::default()
    };
    for (request, expected) in [
        (named("twin"), (json!(["twin-1", "twin-2"]), Value::Null)),
        (named("Twin"), (json!([]), Value::Null)),
        (named("twin-1"), (json!([]), Value::Null)),
        (twins, (json!(["twin-1", "twin-2"]), Value::Null)),
        (agents, (json!(["ada", "bob"]), Value::Null)),
        (first, (json!(["twin-1"]), json!("twin-1"))),
        (last, (json!(["twin-2"]), Value::Null)),
    ] {
        assert_eq!(ids(request.clone()), expected, "{request:?}");
    }
}

#[test]
fn an_agent_remembers_what_it_sent_and_what_was_for_it() {
    let mut story = Story::begin(&["ada", "bob"]);
    story.say("@ada hello");
    story.answer(story.open()[0], "@bob look").unwrap();
    let memory = |story: &Story, id: &str| {
        let agent = show(story, &GetAgent { id: entity_id(id) }.into_request());
        let memory = agent["memory"].as_array().unwrap();
        let texts = memory.iter().map(|it| {
            assert_eq!(it["chat"], "main");
            it["message"]["text"].as_str().unwrap().to_owned()
        });
        texts.collect::<Vec<_>>()
    };
    let both = ["@ada hello", "@bob look"];
    assert_eq!(memory(&story, "ada"), both);
    // An agent gets to know all that people say, and what agents say to it.
    assert_eq!(memory(&story, "bob"), both);
    story.answer(story.open()[0], "@ada I see").unwrap();
    let agent = entity_id("ada");
    story
        .send("world", Command::ForgetMemory { agent })
        .unwrap();
    assert!(memory(&story, "ada").is_empty());
    assert_eq!(memory(&story, "bob").len(), 3);
}
