//! The door for clients of GenWorlds.

mod client;
mod empty_world;
mod faults;
mod loops;
mod patience;
mod pipeline;
mod scopes;
mod values;
mod worlds;

use std::collections::BTreeSet;

use gateway::{Config, Limits};
use serde_json::{Value, json};

use client::{Client, event, start};

#[tokio::test]
async fn every_client_receives_an_event_once_with_all_fields() {
    let harness = start(Config::default()).await;
    let mut sender = Client::open(&harness, "/ws/lobby").await;
    let mut other = Client::open(&harness, "/ws?world=lobby&entity=mic").await;
    let mut unnamed = Client::open(&harness, "/ws/lobby").await;
    let mut sent = event("agent_moves", "chat_user", None);
    sent["new_position"] = json!({"x": 1, "y": [2.5]});
    sent["summary"] = json!("A move.");
    let first = sender.send_and_receive(&sent).await;
    assert_eq!(other.receive().await, first);
    assert_eq!(unnamed.receive().await, first);
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&first[name], value, "{name}");
    }
    // A field that GenWorlds itself does not have.
    let recorded_at = first["recorded_at"].as_str().unwrap();
    assert!(recorded_at.ends_with('Z'), "{recorded_at}");
    sent["created_at"] = json!("2023-10-09T12:56:43");
    let second = sender.send_and_receive(&sent).await;
    assert_ne!(first["event_id"], second["event_id"]);
    assert_ne!(first["sequence"], second["sequence"]);
    assert_eq!(other.receive().await, second);
}

#[tokio::test]
async fn an_event_with_a_target_is_for_its_target_and_its_sender() {
    let harness = start(Config::default()).await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    let mut matthew = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut second_matthew = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut mic = Client::open(&harness, "/ws/lobby?entity=mic").await;
    // As an object or a recorder of GenWorlds connects: without an entity.
    let mut unnamed = Client::open(&harness, "/ws/lobby").await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    john.send(&event("whisper", "john", Some("matthew"))).await;
    john.send(&event("to_the_world", "john", Some("lobby")))
        .await;
    john.send(&event("end", "john", None)).await;
    let all = ["whisper", "to_the_world", "end"];
    assert_eq!(john.types_until("end").await, all);
    assert_eq!(recorder.types_until("end").await, all);
    assert_eq!(matthew.types_until("end").await, ["whisper", "end"]);
    assert_eq!(second_matthew.types_until("end").await, ["whisper", "end"]);
    assert_eq!(mic.types_until("end").await, ["end"]);
    assert_eq!(unnamed.types_until("end").await, all);
    unnamed
        .send_and_receive(&event("i_react", "calculator", None))
        .await;
    john.send(&event("whisper", "john", Some("matthew"))).await;
    john.send(&event("add", "john", Some("calculator"))).await;
    john.send(&event("end", "john", None)).await;
    assert_eq!(unnamed.types_until("end").await, ["add", "end"]);
    let rest = ["i_react", "whisper", "add", "end"];
    assert_eq!(recorder.types_until("end").await, rest);
}

#[tokio::test]
async fn clients_use_display_names_or_ids() {
    let harness = start(Config::default()).await;
    let matthew = json!({
        "id": "matthew-m", "kind": "agent", "name": "Matthew M",
        "agent": {"brain": {"client": {}}},
    });
    let path = "/v1/worlds/lobby/entities";
    assert_eq!(harness.post(path, matthew).await.0, 201);
    let mut matthew = Client::open(&harness, "/ws/lobby?entity=Matthew%20M").await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    for target in ["Matthew M", "matthew-m"] {
        let whisper = event("whisper", "john", Some(target));
        assert_eq!(john.send_and_receive(&whisper).await["target_id"], target);
        assert_eq!(matthew.receive().await["target_id"], "Matthew M");
    }
    for (sender, received) in [("Matthew M", "Matthew M"), ("matthew-m", "matthew-m")] {
        let answer = event("whisper", sender, Some("john"));
        matthew.send_and_receive(&answer).await;
        assert_eq!(john.receive().await["sender_id"], received);
    }
    // One that is bound to its entity brings nobody into the world.
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    john.send(&event("whisper", "john", Some("Nobody N"))).await;
    assert_eq!(john.receive_error("invalid").await["field"], "target_id");
    john.send(&event("whisper", "Nobody N", Some("john"))).await;
    assert_eq!(
        john.receive_error("forged_sender").await["field"],
        "sender_id"
    );
}

#[tokio::test]
async fn a_state_request_is_answered_to_its_sender_only() {
    let harness = start(Config::default()).await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    let mut other = Client::open(&harness, "/ws/lobby?observe=all").await;
    gui.send(&event("user_requests_screens_to_world", "test_user", None))
        .await;
    gui.send(&event("agent_wants_updated_state", "test_user", None))
        .await;
    let screens = gui.receive().await;
    assert_eq!(screens["event_type"], "world_sends_screens_to_user");
    let config = json!({"name": "lobby", "screens": [{"name": "Chat"}]});
    assert_eq!(screens["screens_config"], config);
    let entities = gui.receive().await;
    let ids: BTreeSet<&str> = entities["available_entities"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        ids,
        BTreeSet::from(["ada", "john", "lobby", "matthew", "mic"])
    );
    let schemas = gui.receive().await;
    assert_eq!(schemas["world_name"], "Lobby");
    assert_eq!(schemas["world_description"], "Where all begins.");
    for frame in [&screens, &entities, &schemas] {
        assert_eq!(frame["sender_id"], "lobby");
        assert_eq!(frame["target_id"], "test_user");
    }
    gui.send(&event("end", "test_user", None)).await;
    assert_eq!(other.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn users_talk_with_agents_that_workers_run() {
    let mut harness = start(Config::default()).await;
    harness.start_worker().await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    let mut question = event("user_speaks_with_agent_event", "test_user", Some("ada"));
    question["message"] = json!("Good day");
    gui.send_and_receive(&question).await;
    let answer = gui.receive().await;
    assert_eq!(answer["event_type"], "agent_speaks_with_user_event");
    assert_eq!(answer["sender_id"], "ada");
    assert_eq!(answer["message"], "you said @ada Good day");
    assert!(answer["sequence"].is_string());
    // The client that runs an agent answers for it.
    question["target_id"] = json!("john");
    gui.send_and_receive(&question).await;
    gui.send(&event("end", "test_user", None)).await;
    assert_eq!(gui.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn a_message_of_an_agent_has_the_form_of_its_answers() {
    let harness = start(Config::default()).await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    for (sender, text) in [("human", "Good day"), ("ada", "Good night")] {
        let path = "/v1/worlds/lobby/chats/main/messages";
        let message = json!({"sender": sender, "text": text, "wait": false});
        let (status, answer) = harness.post(path, message).await;
        assert_eq!(status, 202, "{answer}");
    }
    let received = gui.receive().await;
    assert_eq!(received["event_type"], "agent_speaks_with_user_event");
    assert_eq!(received["sender_id"], "ada");
    assert_eq!(received["message"], "Good night");
}

#[tokio::test]
async fn an_event_whose_message_is_rejected_is_not_stored() {
    let harness = start(Config::default()).await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    let mut other = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut question = event("user_speaks_with_agent_event", "test_user", Some("ada"));
    // No text of a chat, though one of JSON.
    question["message"] = json!("Good\0day");
    gui.send(&question).await;
    let error = gui.receive_error("invalid").await;
    assert_eq!(error["refused"], "user_speaks_with_agent_event");
    assert_eq!(error["field"], "message");
    gui.send_and_receive(&event("end", "test_user", None)).await;
    assert_eq!(other.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn a_client_without_a_world_gets_the_configured_one() {
    let harness = start(Config {
        genworlds_world: Some("lobby".parse().unwrap()),
        ..Config::default()
    })
    .await;
    let mut client = Client::open(&harness, "/ws").await;
    client.send_and_receive(&event("a", "me", None)).await;
    let mut unknown = Client::open(&harness, "/ws/nowhere").await;
    let error = unknown.receive_error("unknown_world").await;
    assert_eq!(error["sender_id"], "nowhere");
    let closed = unknown.closed().await;
    assert_eq!((closed.code.into(), &*closed.reason), (3501, "refused"));
}

#[tokio::test]
async fn an_unknown_position_is_answered_with_an_error() {
    let harness = start(Config::default()).await;
    let mut client = Client::open(&harness, "/ws/lobby?after=999999.0").await;
    let error = client.receive_error("position_unknown").await;
    assert_eq!(error["field"], "after");
    client.send_and_receive(&event("a", "me", None)).await;
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_rejected_and_the_connection_stays() {
    let limits = Limits {
        message_bytes_max: 1000,
        ..Limits::default()
    };
    let harness = start(Config {
        limits,
        ..Config::default()
    })
    .await;
    let mut client = Client::open(&harness, "/ws/lobby").await;
    let mut large = event("a", "me", None);
    large["message"] = Value::from("x".repeat(1000));
    client.send(&large).await;
    client.receive_error("too_large").await;
    client.send_and_receive(&event("a", "me", None)).await;
}
