//! GenWorlds' own protocol, as its clients use it.

mod client;
mod operators;
mod package;
mod promises;
mod scale;
mod seeds;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;

use client::{Client, Worker, event, passed_on, saying};

/// An agent or an object with one ability.
fn able(id: &str, kind: &str, ability: &str, trigger: &str, run: &Value) -> Value {
    let description = format!("{id} does it.");
    let ability = json!({
        "name": ability, "trigger": trigger, "description": description, "run": run,
        "arguments": {"type": "object", "required": ["message"],
            "properties": {"message": {"type": "string"}}},
    });
    let mut entity = json!({"id": id, "kind": kind, "abilities": [ability]});
    if kind == "agent" {
        entity["agent"] = json!({});
    }
    entity
}

/// An agent that its client thinks for.
fn client(id: &str, ability: &str, trigger: &str) -> Value {
    let mut entity = able(id, "agent", ability, trigger, &json!({"client": {}}));
    entity["agent"] = json!({"brain": {"client": {}}});
    entity
}

/// Two agents that are clients, one that workers run, one with no more than a brain, and an object.
async fn start() -> (Cluster, Http) {
    let cluster = Cluster::start(Shape::default()).await;
    let speaks_with_agent = "agent_speaks_with_agent_event";
    let worker = |action: &str| json!({"worker": action});
    let world = json!({
        "id": "lobby", "name": "Lobby", "chats": [{"id": "main"}],
        "entities": [
            client("john", "JohnSpeaks", speaks_with_agent),
            client("matthew", "MatthewSpeaks", speaks_with_agent),
            able("qna_agent", "agent", "AgentSpeaksWithUser",
                "agent_speaks_with_user_trigger_event", &worker("speak_with_user")),
            able("parrot", "agent", "AgentSpeaksWithAgent", speaks_with_agent, &worker("speak")),
            able("mic", "object", "AgentSpeaksIntoMicrophone",
                "agent_speaks_into_microphone", &worker("microphone")),
            {"id": "ada", "kind": "agent", "name": "Ada",
                "agent": {"brain": {"script": {"default": "hello {sender}"}}}},
        ],
        "event_types": [{
            "type": "agent_gives_object", "version": 1,
            "schema": {"type": "object", "required": ["object_id"],
                "properties": {"object_id": {"type": "string"}}},
        }],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let door = cluster.gateways[0].clone();
    (cluster, door)
}

/// Waits until the archive, which follows the log, knows so many worlds.
async fn listed(cluster: &Cluster, count: usize) {
    eventually("the worlds are listed", async || {
        let listed = Http::get(&cluster.gateways, "/v1/worlds").await;
        let worlds = listed["worlds"].as_array();
        worlds.is_some_and(|worlds| worlds.len() == count)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_speaks_with_the_user_who_triggers_it() {
    let (cluster, door) = start().await;
    let mut worker = Worker::start(&cluster, "lobby").await;
    let mut user = Client::open(&door, "/ws/lobby").await;
    let mut other = Client::open(&door, "/ws/lobby?entity=john").await;
    let trigger = "agent_speaks_with_user_trigger_event";
    user.say_and_receive(&saying(trigger, "test_user", "qna_agent", "It is 9.23."))
        .await;
    worker
        .answer(|cause| passed_on("agent_speaks_with_user_event", cause, "test_user"))
        .await;
    let answer = user.expect("agent_speaks_with_user_event").await;
    assert_eq!(answer["message"], "It is 9.23.");
    assert_eq!(answer["sender_id"], "qna_agent");
    assert_eq!(answer["target_id"], "test_user");
    user.say_and_receive(&event("end", "test_user", None)).await;
    other.expect("end").await;
    assert_eq!(worker.runs, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_ability_sends_does_not_ask_for_it_again() {
    let (cluster, door) = start().await;
    let mut worker = Worker::start(&cluster, "lobby").await;
    let mut recorder = Client::open(&door, "/ws/lobby?observe=all").await;
    let mut john = Client::open(&door, "/ws/lobby").await;
    let speaks = "agent_speaks_with_agent_event";
    john.say_and_receive(&saying(speaks, "john", "parrot", "Hello"))
        .await;
    // It sends on the event that it was triggered by, to itself.
    worker
        .answer(|cause| passed_on(speaks, cause, "parrot"))
        .await;
    for sender in ["john", "parrot"] {
        assert_eq!(recorder.expect(speaks).await["sender_id"], sender);
    }
    let trigger = "agent_speaks_with_user_trigger_event";
    john.say_and_receive(&saying(trigger, "john", "qna_agent", "x"))
        .await;
    worker.answer(|cause| passed_on("end", cause, "john")).await;
    recorder.expect(trigger).await;
    recorder.expect("end").await;
    assert_eq!(worker.runs, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_agent_gets_its_own_menu() {
    let (_cluster, door) = start().await;
    let mut john = Client::open(&door, "/ws/lobby").await;
    let mut matthew = Client::open(&door, "/ws/lobby").await;
    for _ in 0..3 {
        for (name, client) in [("john", &mut john), ("matthew", &mut matthew)] {
            client
                .say(&event("agent_wants_updated_state", name, Some("lobby")))
                .await;
        }
        for (client, own) in [
            (&mut john, "john:JohnSpeaks"),
            (&mut matthew, "matthew:MatthewSpeaks"),
        ] {
            let entities = client.expect("world_sends_available_entities_event").await;
            let entities = &entities["available_entities"];
            assert_eq!(entities["lobby"]["entity_type"], "WORLD");
            assert_eq!(entities["john"]["entity_type"], "AGENT");
            assert_eq!(entities["mic"]["entity_type"], "OBJECT");
            let menu = client
                .expect("world_sends_available_action_schemas_event")
                .await;
            let menu = menu["available_action_schemas"].as_object().unwrap();
            let keys: Vec<&String> = menu.keys().collect();
            assert_eq!(keys, [own, "mic:AgentSpeaksIntoMicrophone"]);
            let received = menu[own].as_str().unwrap();
            let schema: Value = serde_json::from_str(received.rsplit('|').next().unwrap()).unwrap();
            assert_eq!(schema["required"], json!(["sender_id", "message"]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled_when_the_gateway_restarts() {
    let (mut cluster, door) = start().await;
    let mut matthew = Client::open(&door, "/ws/lobby?entity=matthew").await;
    let mut john = Client::open(&door, "/ws/lobby").await;
    let mut frame = saying("n", "john", "matthew", "");
    frame["n"] = json!(1);
    john.say_and_receive(&frame).await;
    let received = matthew.expect("n").await;
    let last = received["sequence"].as_str().unwrap().to_owned();
    for n in 2..=5 {
        frame["n"] = json!(n);
        john.say_and_receive(&frame).await;
    }
    cluster.stop("gateway");
    while matthew.next().await.is_some() {}
    cluster.resume("gateway").await;
    // Before Matthew is back, more happens.
    let mut john = Client::open(&door, "/ws/lobby").await;
    for n in 6..=9 {
        frame["n"] = json!(n);
        john.say_and_receive(&frame).await;
    }
    let address = format!("/ws/lobby?entity=matthew&after={last}");
    let mut matthew = Client::open(&door, &address).await;
    for n in 2..=9 {
        assert_eq!(matthew.expect("n").await["n"], n);
    }
    matthew
        .say_and_receive(&event("end", "matthew", None))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_world_does_not_take_is_refused_to_its_sender() {
    let (_cluster, door) = start().await;
    let mut other = Client::open(&door, "/ws/lobby?observe=all").await;
    let mut user = Client::open(&door, "/ws/lobby?entity=test_user").await;
    let nobody = event("a", "test_user", Some("nobody"));
    let reserved = event("chat.created", "test_user", None);
    let forged = event("a", "qna_agent", None);
    for (frame, code, field) in [
        (nobody, "unknown_entity", json!("target_id")),
        (reserved, "reserved_type", json!("event_type")),
        (forged, "forged_sender", json!("sender_id")),
    ] {
        let refused = user.say_in_vain(&frame, code).await;
        assert_eq!(refused["field"], field, "{refused}");
    }
    // What a registered type, or an ability that is asked for, wants an event to hold.
    let gives = event("agent_gives_object", "test_user", None);
    let speaks = event("agent_speaks_into_microphone", "test_user", Some("mic"));
    for (frame, missing) in [(gives, "object_id"), (speaks, "message")] {
        let refused = user.say_in_vain(&frame, "invalid").await;
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(missing), "{refused}");
    }
    user.say_and_receive(&event("end", "test_user", None)).await;
    other.expect("end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gui_talks_with_our_agents_in_the_only_world() {
    let (cluster, door) = start().await;
    listed(&cluster, 1).await;
    let mut user = Client::open(&door, "/ws").await;
    let speaks = "user_speaks_with_agent_event";
    // It knows her by her name, which is not her id.
    let echo = user
        .say_and_receive(&saying(speaks, "chat_user", "Ada", "Who are you?"))
        .await;
    assert_eq!(echo["target_id"], "Ada");
    let answer = user.expect("agent_speaks_with_user_event").await;
    assert_eq!(answer["sender_id"], "ada");
    assert_eq!(answer["message"], "hello chat_user");
    // What it sends at its own times arrives as well.
    let timer = json!({
        "sender": "ada", "due": "2026-01-01T00:00:00.000Z",
        "message": {"chat": "main", "text": "Good morning!"},
    });
    let path = "/v1/worlds/lobby/timers/morning";
    let set = door.send(Method::PUT, path, Some(&timer), None).await;
    assert_eq!(set.unwrap().0, 200);
    let received = user.expect("agent_speaks_with_user_event").await;
    assert_eq!(received["sender_id"], "ada");
    assert_eq!(received["message"], "Good morning!");
    // Where there are two worlds, it has to say which.
    Http::post(&cluster.gateways, "/v1/worlds", &json!({"id": "other"})).await;
    listed(&cluster, 2).await;
    let mut lost = Client::open(&door, "/ws").await;
    let refused = lost.expect("error").await;
    assert_eq!(refused["field"], "world", "{refused}");
    assert!(lost.next().await.is_none());
}
