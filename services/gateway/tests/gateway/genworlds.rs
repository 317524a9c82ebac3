//! The door for clients of GenWorlds.

mod client;
mod faults;

use std::collections::BTreeSet;

use gateway::{Config, Limits};
use serde_json::{Value, json};

use client::{Client, event, start};

#[tokio::test]
async fn everyone_hears_an_event_once_with_every_field() {
    let harness = start(Config::default()).await;
    let mut speaker = Client::open(&harness, "/ws/lobby").await;
    let mut other = Client::open(&harness, "/ws?world=lobby&entity=mic").await;
    let mut silent = Client::open(&harness, "/ws/lobby").await;
    let mut said = event("agent_moves", "chat_user", None);
    said["new_position"] = json!({"x": 1, "y": [2.5]});
    said["summary"] = json!("A move.");
    let first = speaker.say_and_hear(&said).await;
    assert_eq!(other.hear().await, first);
    assert_eq!(silent.hear().await, first);
    for (name, value) in said.as_object().unwrap() {
        assert_eq!(&first[name], value, "{name}");
    }
    // With what GenWorlds never had.
    let recorded_at = first["recorded_at"].as_str().unwrap();
    assert!(recorded_at.ends_with('Z'), "{recorded_at}");
    let second = speaker.say_and_hear(&said).await;
    assert_ne!(first["event_id"], second["event_id"]);
    assert_ne!(first["sequence"], second["sequence"]);
    assert_eq!(other.hear().await, second);
}

#[tokio::test]
async fn an_event_with_a_target_is_for_its_target_and_its_sender() {
    let harness = start(Config::default()).await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    let mut matthew = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut second_ear = Client::open(&harness, "/ws/lobby?entity=matthew").await;
    let mut mic = Client::open(&harness, "/ws/lobby?entity=mic").await;
    // An object or a recorder, as GenWorlds has them: it has not said who it is.
    let mut silent = Client::open(&harness, "/ws/lobby").await;
    let mut recorder = Client::open(&harness, "/ws/lobby?observe=all").await;
    john.say(&event("whisper", "john", Some("matthew"))).await;
    john.say(&event("to_the_world", "john", Some("lobby")))
        .await;
    john.say(&event("end", "john", None)).await;
    let all = ["whisper", "to_the_world", "end"];
    assert_eq!(john.types_until("end").await, all);
    assert_eq!(recorder.types_until("end").await, all);
    assert_eq!(matthew.types_until("end").await, ["whisper", "end"]);
    assert_eq!(second_ear.types_until("end").await, ["whisper", "end"]);
    assert_eq!(mic.types_until("end").await, ["end"]);
    assert_eq!(silent.types_until("end").await, all);
    silent
        .say_and_hear(&event("i_react", "calculator", None))
        .await;
    john.say(&event("whisper", "john", Some("matthew"))).await;
    john.say(&event("add", "john", Some("calculator"))).await;
    john.say(&event("end", "john", None)).await;
    assert_eq!(silent.types_until("end").await, ["add", "end"]);
    let rest = ["i_react", "whisper", "add", "end"];
    assert_eq!(recorder.types_until("end").await, rest);
}

#[tokio::test]
async fn clients_go_by_what_people_call_them() {
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
        assert_eq!(john.say_and_hear(&whisper).await["target_id"], target);
        assert_eq!(matthew.hear().await["target_id"], "Matthew M");
    }
    for (sender, told) in [("Matthew M", "Matthew M"), ("matthew-m", "matthew-m")] {
        let answer = event("whisper", sender, Some("john"));
        matthew.say_and_hear(&answer).await;
        assert_eq!(john.hear().await["sender_id"], told);
    }
    for (sender, target, field) in [
        ("john", "Nobody N", "target_id"),
        ("Nobody N", "john", "sender_id"),
    ] {
        john.say(&event("whisper", sender, Some(target))).await;
        assert_eq!(john.refused("invalid").await["field"], field);
    }
}

#[tokio::test]
async fn the_state_is_told_to_whoever_asks_and_is_no_event() {
    let harness = start(Config::default()).await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    let mut other = Client::open(&harness, "/ws/lobby?observe=all").await;
    gui.say(&event("user_requests_screens_to_world", "test_user", None))
        .await;
    gui.say(&event("agent_wants_updated_state", "test_user", None))
        .await;
    let screens = gui.hear().await;
    assert_eq!(screens["event_type"], "world_sends_screens_to_user");
    let config = json!({"name": "lobby", "screens": [{"name": "Chat"}]});
    assert_eq!(screens["screens_config"], config);
    let entities = gui.hear().await;
    let known: BTreeSet<&str> = entities["available_entities"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(known, BTreeSet::from(["john", "lobby", "matthew", "mic"]));
    let schemas = gui.hear().await;
    assert_eq!(schemas["world_name"], "Lobby");
    assert_eq!(schemas["world_description"], "Where all begins.");
    for frame in [&screens, &entities, &schemas] {
        assert_eq!(frame["sender_id"], "lobby");
        assert_eq!(frame["target_id"], "test_user");
    }
    gui.say(&event("end", "test_user", None)).await;
    assert_eq!(other.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn people_talk_with_agents_that_workers_run() {
    let harness = start(Config::default()).await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    let mut question = event("user_speaks_with_agent_event", "test_user", Some("ada"));
    question["message"] = json!("Good day");
    gui.say_and_hear(&question).await;
    let answer = gui.hear().await;
    assert_eq!(answer["event_type"], "agent_speaks_with_user_event");
    assert_eq!(answer["sender_id"], "ada");
    assert_eq!(answer["message"], "you said @ada Good day");
    assert!(answer["sequence"].is_string());
    // An agent that a client runs answers for itself.
    question["target_id"] = json!("john");
    gui.say_and_hear(&question).await;
    gui.say(&event("end", "test_user", None)).await;
    assert_eq!(gui.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn what_an_agent_says_on_its_own_is_told_as_what_it_answers() {
    let harness = start(Config::default()).await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    for (sender, text) in [("human", "silence"), ("ada", "silence")] {
        let path = "/v1/worlds/lobby/chats/main/messages";
        let message = json!({"sender": sender, "text": text, "wait": false});
        let (status, answer) = harness.post(path, message).await;
        assert_eq!(status, 202, "{answer}");
    }
    let told = gui.hear().await;
    assert_eq!(told["event_type"], "agent_speaks_with_user_event");
    assert_eq!(told["sender_id"], "ada");
    assert_eq!(told["message"], "silence");
}

#[tokio::test]
async fn what_can_not_be_said_to_an_agent_does_not_happen() {
    let harness = start(Config::default()).await;
    let mut gui = Client::open(&harness, "/ws/lobby").await;
    let mut other = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut question = event("user_speaks_with_agent_event", "test_user", Some("ada"));
    question["message"] = json!("It is too much");
    gui.say(&question).await;
    let refused = gui.refused("busy").await;
    assert_eq!(refused["refused"], "user_speaks_with_agent_event");
    assert_eq!(refused["field"], "message");
    gui.say_and_hear(&event("end", "test_user", None)).await;
    assert_eq!(other.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn a_client_that_names_no_world_comes_to_the_configured_one() {
    let harness = start(Config {
        genworlds_world: Some("lobby".parse().unwrap()),
        ..Config::default()
    })
    .await;
    let mut client = Client::open(&harness, "/ws").await;
    client.say_and_hear(&event("a", "me", None)).await;
    let mut lost = Client::open(&harness, "/ws/nowhere").await;
    let refused = lost.refused("unknown_world").await;
    assert_eq!(refused["sender_id"], "nowhere");
    let closed = lost.closed().await;
    assert_eq!((closed.code.into(), &*closed.reason), (3501, "refused"));
}

#[tokio::test]
async fn a_place_that_the_log_does_not_know_is_told() {
    let harness = start(Config::default()).await;
    let mut client = Client::open(&harness, "/ws/lobby?after=999999.0").await;
    let refused = client.refused("position_unknown").await;
    assert_eq!(refused["field"], "after");
    client.say_and_hear(&event("a", "me", None)).await;
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_refused_and_the_connection_stays() {
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
    client.say(&large).await;
    client.refused("too_large").await;
    client.say_and_hear(&event("a", "me", None)).await;
}
