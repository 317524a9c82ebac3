//! A world of no entities, into which clients bring their own.

use gateway::{Config, Limits};
use serde_json::{Value, json};

use super::client::{Client, event};
use crate::support::Harness;

async fn start_with(limits: Limits) -> Harness {
    let config = Config {
        limits,
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let created = harness.post("/v1/worlds", json!({"id": "lobby"})).await;
    assert_eq!(created.0, 201, "{}", created.1);
    harness
}

async fn start() -> Harness {
    start_with(Limits::default()).await
}

async fn entity(harness: &Harness, id: &str) -> Value {
    let (status, entity) = harness
        .get(&format!("/v1/worlds/lobby/entities/{id}"))
        .await;
    assert_eq!(status, 200, "{entity}");
    entity
}

#[tokio::test]
async fn a_connection_acts_as_several_entities_and_receives_what_is_for_each() {
    let harness = start().await;
    let mut ours = Client::open(&harness, "/ws/lobby").await;
    let mut eve = Client::open(&harness, "/ws/lobby").await;
    eve.send_and_receive(&event("hello", "eve", None)).await;
    ours.receive().await;
    for sender in ["john", "matthew", "john", "test_user"] {
        let received = ours.send_and_receive(&event("a", sender, None)).await;
        assert_eq!(received["sender_id"], sender);
        assert_eq!(eve.receive().await["sender_id"], sender);
    }
    let mut max = Client::open(&harness, "/ws/lobby").await;
    max.send_and_receive(&event("hello", "max", None)).await;
    for client in [&mut ours, &mut eve] {
        client.receive().await;
    }
    for target in ["john", "max", "matthew", "eve"] {
        eve.send_and_receive(&event(&format!("to_{target}"), "eve", Some(target)))
            .await;
    }
    assert_eq!(
        ours.types_until("to_matthew").await,
        ["to_john", "to_matthew"]
    );
    assert_eq!(max.types_until("to_max").await, ["to_max"]);
}

#[tokio::test]
async fn one_that_sends_in_other_names_only_receives_what_is_for_it() {
    let harness = start().await;
    let mut microphone = Client::open(&harness, "/ws/lobby").await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    let mut matthew = Client::open(&harness, "/ws/lobby").await;
    john.send_and_receive(&event("agent_is_here", "john", None))
        .await;
    microphone.receive().await;
    // Before it has sent something, and after it has, in the name of another.
    for n in 0..3 {
        let speaks = format!("speak{n}");
        matthew.send(&event(&speaks, "matthew", Some("mic1"))).await;
        assert_eq!(microphone.types_until(&speaks).await, [speaks]);
        let sounds = format!("agent_sounds{n}");
        microphone
            .send_and_receive(&event(&sounds, "john", None))
            .await;
        matthew.types_until(&sounds).await;
    }
    assert_eq!(entity(&harness, "mic1").await["kind"], "object");
    // Once a connection acts as it, its events are for that one.
    let mut mic = Client::open(&harness, "/ws/lobby").await;
    mic.send_and_receive(&event("ready", "mic1", None)).await;
    matthew
        .send(&event("secret", "matthew", Some("mic1")))
        .await;
    assert_eq!(mic.types_until("secret").await, ["secret"]);
    mic.send(&event("end", "mic1", None)).await;
    assert_eq!(microphone.types_until("end").await, ["ready", "end"]);
}

#[tokio::test]
async fn an_entity_is_what_its_events_show() {
    let harness = start().await;
    let mut client = Client::open(&harness, "/ws/lobby").await;
    for (event_type, sender, target) in [
        (
            "user_speaks_with_agent_event",
            "test_user",
            Some("qna_agent"),
        ),
        ("agent_goes_to_sleep", "sleeper", None),
        ("agent_computes_determinant", "sleeper", Some("calculator")),
        ("send_matrix_determinant", "generator", Some("sleeper")),
        // It was named as an object.
        ("agent_wants_to_add", "sleeper", Some("late")),
        ("agent_goes_to_sleep", "late", None),
    ] {
        let sent = event(event_type, sender, target);
        client.send_and_receive(&sent).await;
    }
    for (id, kind) in [
        ("test_user", "user"),
        ("qna_agent", "agent"),
        ("sleeper", "agent"),
        ("calculator", "object"),
        ("generator", "user"),
        ("late", "agent"),
    ] {
        assert_eq!(entity(&harness, id).await["kind"], kind, "{id}");
    }
    let brain = &entity(&harness, "qna_agent").await["agent"]["brain"];
    assert_eq!(*brain, json!({"client": {}}));
}

/// A world that a client runs announces `generator`, `made` and others, and what they can do.
async fn announce(client: &mut Client) {
    let record = |id: &str, kind: &str| {
        json!({
            "id": id, "entity_type": kind, "entity_class": "Class", "name": id,
            "description": "It is.",
        })
    };
    let mut announced = event(
        "world_sends_available_entities_event",
        "w-1",
        Some("sleeper"),
    );
    announced["available_entities"] = json!({
        "w-1": record("w-1", "WORLD"), "generator": record("generator", "OBJECT"),
        "made": record("made", "AGENT"), "new one": record("new one", "AGENT"),
    });
    client.send_and_receive(&announced).await;
    let mut schemas = event("world_sends_available_action_schemas_event", "w-1", None);
    let properties = json!({"sender_id": {"type": "string"}, "N": {"type": "integer"}});
    let schema = json!({"title": "M", "type": "object", "properties": properties});
    schemas["available_action_schemas"] = json!({
        "generator:Generate": format!("Makes | one.|agent_generates|{schema}"),
        "made:Act": format!("Acts.|agent_acts|{schema}"),
    });
    client.send_and_receive(&schemas).await;
}

#[tokio::test]
async fn an_entity_becomes_what_is_announced_unless_others_have_made_it() {
    let harness = start().await;
    let made = json!({"id": "made", "kind": "user", "description": "By others."});
    let path = "/v1/worlds/lobby/entities";
    assert_eq!(harness.post(path, made).await.0, 201);
    let mut client = Client::open(&harness, "/ws/lobby").await;
    for (event_type, sender) in [("agent_goes_to_sleep", "sleeper"), ("sends", "generator")] {
        client
            .send_and_receive(&event(event_type, sender, None))
            .await;
    }
    announce(&mut client).await;
    let generator = entity(&harness, "generator").await;
    assert_eq!(generator["kind"], "object");
    assert_eq!(generator["description"], "It is.");
    let ability = &generator["abilities"][0];
    assert_eq!(ability["name"], "Generate");
    assert_eq!(ability["trigger"], "agent_generates");
    assert_eq!(ability["run"], json!({"client": {}}));
    let properties = &ability["arguments"]["properties"];
    assert_eq!(*properties, json!({"N": {"type": "integer"}}));
    let made = entity(&harness, "made").await;
    assert_eq!(made["kind"], "user");
    assert_eq!(made["description"], "By others.");
    assert_eq!(made.get("abilities"), None);
    // Our world knows them as their own world does.
    let query = event("agent_wants_updated_state", "sleeper", Some("lobby"));
    client.send(&query).await;
    let entities = "world_sends_available_entities_event";
    let entities = client.receive_type(entities).await;
    let entities = &entities["available_entities"];
    for (id, kind) in [
        ("w-1", "WORLD"),
        ("generator", "OBJECT"),
        ("new one", "AGENT"),
        ("sleeper", "AGENT"),
    ] {
        assert_eq!(entities[id]["entity_type"], kind, "{id}");
    }
    let schemas = "world_sends_available_action_schemas_event";
    let schemas = client.receive_type(schemas).await;
    let schemas = &schemas["available_action_schemas"];
    assert!(schemas["generator:Generate"].is_string(), "{schemas}");
}

#[tokio::test]
async fn a_client_brings_a_bounded_number_of_entities_however_often_it_connects() {
    let harness = start_with(Limits {
        genworlds_entities_max: 3,
        ..Limits::default()
    })
    .await;
    let mut client = Client::open(&harness, "/ws/lobby").await;
    for sender in ["a", "b", "c"] {
        client.send_and_receive(&event("hello", sender, None)).await;
    }
    for _ in 0..2 {
        let mut client = Client::open(&harness, "/ws/lobby").await;
        client.send(&event("hello", "d", None)).await;
        assert_eq!(
            client.receive_error("too_many_entities").await["field"],
            "sender_id"
        );
        client.send(&event("hello", "a", Some("d"))).await;
        assert_eq!(
            client.receive_error("too_many_entities").await["field"],
            "target_id"
        );
        client
            .send_and_receive(&event("hello", "a", Some("b")))
            .await;
    }
    // One that leaves makes room for another.
    let (status, _) = harness.delete("/v1/worlds/lobby/entities/c").await;
    assert!((200..300).contains(&status), "{status}");
    let mut client = Client::open(&harness, "/ws/lobby").await;
    client.send_and_receive(&event("hello", "d", None)).await;
}

#[tokio::test]
async fn a_name_may_be_any_text() {
    let harness = start().await;
    let mut client = Client::open(&harness, "/ws/lobby").await;
    let mut object = Client::open(&harness, "/ws/lobby").await;
    let long = "x".repeat(200);
    let names = [
        "Sir Robin",
        "a:b",
        "v1.2",
        "5f0c7a3e-3d0b-4a52-9d5b-0a9a3b8f6c11",
        &long,
        "Ada ✨",
        "日本",
        "a,b",
        "O'Neil \"x\"",
    ];
    for name in names {
        for _ in 0..2 {
            let received = client.send_and_receive(&event("hello", name, None)).await;
            assert_eq!(received["sender_id"], name);
            assert_eq!(object.receive().await["sender_id"], name);
        }
    }
    for name in names.iter().filter(|name| **name != "a,b") {
        let received = client
            .send_and_receive(&event("to", "Sir Robin", Some(name)))
            .await;
        assert_eq!(received["target_id"], *name);
        let target = format!("new {name}");
        let received = client
            .send_and_receive(&event("to", "Sir Robin", Some(&target)))
            .await;
        assert_eq!(received["target_id"], target);
        for expected in [name, &*target] {
            assert_eq!(object.receive().await["target_id"], expected);
        }
    }
    for (sender, target, field) in [
        ("", None, "sender_id"),
        ("a\nb", None, "sender_id"),
        ("Ada", Some(" "), "target_id"),
        ("Ada", Some("a\0b"), "target_id"),
    ] {
        client.send(&event("hello", sender, target)).await;
        assert_eq!(client.receive_error("invalid").await["field"], field);
    }
    let too_long = "x".repeat(1000);
    client.send(&event("hello", &too_long, None)).await;
    assert_eq!(client.receive_error("invalid").await["field"], "sender_id");
}
