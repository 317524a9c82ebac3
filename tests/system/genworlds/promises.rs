//! What a world promises to clients of GenWorlds.

use eventsource_stream::Eventsource;
use futures::{Stream, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;
use testkit::model::{ModelServer, Reply};

use super::client::{Client, event, saying};
use crate::abilities;

/// An agent that a client runs.
fn client(id: &str, ability: &str) -> Value {
    let speaks = json!({
        "name": ability, "trigger": "agent_speaks_with_agent_event", "run": {"client": {}},
    });
    json!({"id": id, "kind": "agent", "agent": {"brain": {"client": {}}}, "abilities": [speaks]})
}

/// The microphone that every agent worker knows.
fn microphone(held_by: &str) -> Value {
    json!({
        "id": "mic", "kind": "object", "held_by": held_by,
        "abilities": [{
            "name": "speak", "trigger": "microphone_speak", "run": {"worker": "microphone-speak"},
        }],
    })
}

async fn create(cluster: &Cluster, id: &str, entities: Value) {
    let world = json!({"id": id, "entities": entities, "chats": [{"id": "main", "title": "Main"}]});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    Http::get(&cluster.gateways, &format!("/v1/worlds/{path}")).await
}

async fn delete(cluster: &Cluster, path: &str) -> Value {
    let path = format!("/v1/worlds/{path}");
    let sent = cluster.gateways[0].send(Method::DELETE, &path, None, None);
    let (status, answer) = sent.await.unwrap();
    assert!(status.is_success(), "{path}: {answer}");
    answer
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names
}

/// The names of whom `name` perceives, and of what it can make use of, as its client receives it.
async fn around(client: &mut Client, name: &str) -> (Vec<String>, Vec<String>) {
    client
        .say(&event("agent_wants_updated_state", name, None))
        .await;
    let keys = |received: &Value| sorted(received.as_object().unwrap().keys().cloned().collect());
    let entities = client.expect("world_sends_available_entities_event").await;
    let menu = client
        .expect("world_sends_available_action_schemas_event")
        .await;
    assert_eq!(
        (&entities["target_id"], &menu["target_id"]),
        (&json!(name), &json!(name))
    );
    (
        keys(&entities["available_entities"]),
        keys(&menu["available_action_schemas"]),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_is_ready_once_it_is_made_and_shares_nothing_with_another() {
    let cluster = Cluster::start(Shape::default()).await;
    let ada = |greeting: &str| json!({"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": greeting}}}});
    let lamp = json!({"id": "lamp", "kind": "object"});
    let first = json!([ada("one"), client("john", "Shout"), microphone("john")]);
    create(&cluster, "first", first).await;
    let second = json!([
        ada("two"),
        client("john", "Whisper"),
        microphone("ada"),
        lamp
    ]);
    create(&cluster, "second", second).await;
    let mut there = Client::open(&cluster.gateways[0], "/ws/second?observe=all").await;
    let mut johns = [
        Client::open(&cluster.gateways[0], "/ws/first").await,
        Client::open(&cluster.gateways[0], "/ws/second").await,
    ];
    for _ in 0..3 {
        let [first, second] = &mut johns;
        let (entities, menu) = around(first, "john").await;
        assert_eq!(entities, ["ada", "first", "john", "mic"]);
        assert_eq!(menu, ["john:Shout", "mic:speak"]);
        let (entities, menu) = around(second, "john").await;
        assert_eq!(entities, ["ada", "john", "lamp", "mic", "second"]);
        assert_eq!(menu, ["john:Whisper", "mic:speak"]);
    }
    let [first, _] = &mut johns;
    first
        .say_and_receive(&saying("microphone_speak", "john", "mic", "Hello."))
        .await;
    assert_eq!(first.expect("microphone_sounds").await["message"], "Hello.");
    for (world, greeting) in [("first", "one"), ("second", "two")] {
        let mut eve = Client::open(&cluster.gateways[0], &format!("/ws/{world}")).await;
        let asks = saying("user_speaks_with_agent_event", "eve", "ada", "Who?");
        eve.say_and_receive(&asks).await;
        let answer = eve.expect("agent_speaks_with_user_event").await;
        assert_eq!(answer["message"], greeting);
    }
    // Of the first world nothing came here.
    there.expect("user_speaks_with_agent_event").await;
    assert_eq!(
        there.expect("agent_speaks_with_user_event").await["message"],
        "two"
    );
    let mic = get(&cluster, "second/entities/mic").await;
    assert_eq!(
        (&mic["state"], &mic["held_by"]),
        (&Value::Null, &json!("ada"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_moves_is_perceived_at_its_new_place_and_a_move_is_remembered() {
    let mut cluster = Cluster::start(Shape::default()).await;
    let _assistants = abilities::worker(&cluster, "genworlds", "assistants");
    let at = |place: &str, mut entity: Value| {
        entity["location"] = json!(place);
        entity
    };
    let moves = json!([{
        "name": "AgentMovesToNewLocation", "trigger": "agent_moves_to_new_location",
        "run": {"worker": "assistant-AgentMovesToNewLocation"},
    }]);
    let john = json!({"id": "john", "kind": "agent", "agent": {"brain": {"client": {}}}, "abilities": moves});
    let world = json!({
        "id": "house", "perception": "same_place",
        "entities": [
            at("hall", client("walter", "Speak")), at("garden", client("vera", "Speak")),
            at("hall", john), microphone("john"),
        ],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    // Another world on the same host.
    create(&cluster, "elsewhere", json!([client("walter", "Speak")])).await;
    let mut walter = Client::open(&cluster.gateways[0], "/ws/house").await;
    let mut vera = Client::open(&cluster.gateways[0], "/ws/house?entity=vera").await;
    let alone = |me: &str| {
        let entities = vec![me.to_owned(), "house".to_owned()];
        (sorted(entities), vec![format!("{me}:Speak")])
    };
    let with_john = |me: &str| {
        let (mut entities, mut menu) = alone(me);
        entities.extend(["john", "mic"].map(str::to_owned));
        menu.push("mic:speak".to_owned());
        (sorted(entities), sorted(menu))
    };
    assert_eq!(around(&mut walter, "walter").await, with_john("walter"));
    assert_eq!(around(&mut vera, "vera").await, alone("vera"));
    let before = get(&cluster, "house/state").await["seq"].clone();
    let mut moves = event("agent_moves_to_new_location", "walter", Some("john"));
    moves["destination_location"] = json!("garden");
    walter.say_and_receive(&moves).await;
    for client in [&mut walter, &mut vera] {
        let received = client.expect("world_sets_agent_location").await;
        assert_eq!(received["sender_id"], "john");
    }
    for _ in 0..2 {
        assert_eq!(around(&mut walter, "walter").await, alone("walter"));
        assert_eq!(around(&mut vera, "vera").await, with_john("vera"));
    }
    cluster.stop("world");
    cluster.resume("world").await;
    assert_eq!(around(&mut vera, "vera").await, with_john("vera"));
    let then = get(&cluster, &format!("house/state?at={before}")).await;
    assert_eq!(then["state"]["entities"]["john"]["location"], "hall");
}

/// What the native stream has of entities that come and go: type and id of each.
async fn comings(door: &Http, world: &str) -> impl Stream<Item = (String, String)> + use<> {
    let path = format!("/v1/worlds/{world}/events/stream?type=entity.*");
    let stream = door.stream(&path, None).await.unwrap().bytes_stream();
    let events = stream.eventsource().map(|event| event.unwrap());
    let is_coming = |name: &str| matches!(name, "entity.created" | "entity.removed");
    let events = events.filter(move |event| futures::future::ready(is_coming(&event.event)));
    events
        .map(|received| {
            let event: Value = serde_json::from_str(&received.data).unwrap();
            let id = &event["data"]["id"];
            let id = if id.is_null() {
                &event["data"]["entity"]
            } else {
                id
            };
            (received.event, id.as_str().unwrap().to_owned())
        })
        .boxed()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_sent_to_its_requester_alone_and_comings_and_goings_to_all() {
    let cluster = Cluster::start(Shape::default()).await;
    create(
        &cluster,
        "lobby",
        json!([client("john", "Speak"), microphone("john")]),
    )
    .await;
    let mut comings = comings(&cluster.gateways[0], "lobby").await;
    let mut recorder = Client::open(&cluster.gateways[0], "/ws/lobby?observe=all").await;
    let mut john = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    let mut eve = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    eve.say_and_receive(&event("begin", "eve", None)).await;
    for client in [&mut recorder, &mut john] {
        client.expect("begin").await;
    }
    let created = ("entity.created".to_owned(), "eve".to_owned());
    assert_eq!(comings.next().await, Some(created));
    let bus = cluster.bus().await;
    let world = "lobby".parse().unwrap();
    // That john is connected is in the log, once.
    around(&mut john, "john").await;
    eventually("john is reported as connected", async || {
        let path = "/v1/worlds/lobby/events?type=entity.connected";
        let page = Http::get(&cluster.gateways[..1], path).await;
        page["events"]
            .as_array()
            .is_some_and(|found| found.len() == 1)
    })
    .await;
    let before = bus.log().last_seq(&world).await.unwrap();
    for _ in 0..10 {
        around(&mut john, "john").await;
        around(&mut eve, "eve").await;
        eve.say(&event("user_requests_screens_to_world", "eve", None))
            .await;
        eve.expect("world_sends_screens_to_user").await;
    }
    assert_eq!(bus.log().last_seq(&world).await.unwrap(), before);
    john.say_and_receive(&event("end", "john", None)).await;
    for client in [&mut recorder, &mut eve] {
        client.expect("end").await;
    }
    delete(&cluster, "lobby/entities/mic").await;
    let removed = ("entity.removed".to_owned(), "mic".to_owned());
    assert_eq!(comings.next().await, Some(removed));
    let (entities, menu) = around(&mut john, "john").await;
    assert_eq!(entities, ["john", "lobby"]);
    assert_eq!(menu, ["john:Speak"]);
}

fn counter(id: &str) -> Value {
    let count = json!({
        "name": "count", "trigger": "counter.count", "run": {"worker": "counter-count"},
    });
    json!({"id": id, "kind": "object", "abilities": [count]})
}

fn count(target: &str, number: u64, takes_ms: u64) -> Value {
    let mut count = event("counter.count", "eve", Some(target));
    count["number"] = json!(number);
    count["takes_ms"] = json!(takes_ms);
    count
}

/// The numbers that are counted next, in any order among the echoes of what was asked for.
async fn counted(client: &mut Client, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let frame = client.next().await.unwrap();
        if frame["event_type"] == "counter.counted" {
            numbers.push(frame["number"].as_u64().unwrap());
        }
    }
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_long_delays_its_own_object_only_and_can_be_cancelled() {
    /// Longer than anybody waits here.
    const LONG_MS: u64 = 600_000;
    let cluster = Cluster::start(Shape::default()).await;
    let _counters = abilities::worker(&cluster, "counter", "counters");
    create(
        &cluster,
        "lobby",
        json!([counter("slow"), counter("other")]),
    )
    .await;
    let mut eve = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    eve.say_and_receive(&count("slow", 1, LONG_MS)).await;
    eve.say(&count("slow", 2, 0)).await;
    eve.say(&count("other", 3, 0)).await;
    assert_eq!(counted(&mut eve, 1).await, [3]);
    let (entities, _) = around(&mut eve, "eve").await;
    assert_eq!(entities, ["lobby", "other", "slow"]);
    let mut runs = json!({});
    eventually("one run has begun, and one waits for it", async || {
        let state = get(&cluster, "lobby/state").await;
        runs = state["state"]["invocations"].clone();
        runs.as_object().unwrap().len() == 2
    })
    .await;
    let mut begun = runs.as_object().unwrap().iter();
    let (begun, _) = begun.find(|(_, run)| run["queued"] != true).unwrap();
    delete(&cluster, &format!("lobby/invocations/{begun}")).await;
    assert_eq!(counted(&mut eve, 1).await, [2]);
    let state = get(&cluster, "lobby/state").await;
    assert_eq!(state["state"]["invocations"], json!({}));
    eve.say_and_receive(&count("slow", 4, 0)).await;
    assert_eq!(counted(&mut eve, 1).await, [4]);
    // What was cancelled has not been counted.
    let at = get(&cluster, "lobby/state").await["seq"].clone();
    let path = format!("lobby/events?after=0.0&wait_for={at}");
    let page = get(&cluster, &path).await;
    let events = page["events"].as_array().unwrap().iter();
    let of = |kind: &'static str| events.clone().filter(move |event| event["type"] == kind);
    assert_eq!(of("action.cancelled").count(), 1);
    let numbers = of("counter.counted").map(|event| event["data"]["number"].as_u64().unwrap());
    assert!(numbers.clone().all(|number| number != 1));
    assert_eq!(numbers.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_is_not_repeated_and_its_sender_gets_the_error() {
    let (cluster, model) = (
        Cluster::start(Shape::default()).await,
        ModelServer::start().await,
    );
    model.answer_with(|_| Reply::status(400));
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
    let ada = json!({"id": "ada", "kind": "agent", "agent": {"brain": {"llm": llm}}});
    create(&cluster, "lobby", json!([ada])).await;
    let mut eve = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    for attempt in 1..=2 {
        let asks = saying("user_speaks_with_agent_event", "eve", "ada", "Well?");
        eve.say_and_receive(&asks).await;
        let failed = eve.expect("error").await;
        assert_eq!(
            failed["refused"], "user_speaks_with_agent_event",
            "{failed}"
        );
        assert_eq!(failed["target_id"], "eve", "{failed}");
        eventually("the agent has failed, and rests", async || {
            let state = get(&cluster, "lobby/state").await;
            let seq = &state["seq"];
            let path = format!("lobby/events?type=action.failed&after=0.0&wait_for={seq}");
            let failed = get(&cluster, &path).await["events"].clone();
            let failed = failed.as_array().unwrap().len();
            state["state"]["invocations"] == json!({}) && failed == attempt
        })
        .await;
        assert_eq!(model.requests().len(), attempt);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_and_what_is_removed_is_gone_and_the_past_still_has_it() {
    let cluster = Cluster::start(Shape::default()).await;
    create(
        &cluster,
        "lobby",
        json!([client("john", "Speak"), microphone("john")]),
    )
    .await;
    let mut john = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    let frame = saying("microphone_speak", "john", "mic", "Hello.");
    john.say_and_receive(&frame).await;
    john.expect("microphone_sounds").await;
    let before = get(&cluster, "lobby/state").await;
    delete(&cluster, "lobby/entities/mic").await;
    // A connection that is one entity brings no others into the world.
    let mut fixed = Client::open(&cluster.gateways[0], "/ws/lobby?entity=john").await;
    let frame = saying("microphone_speak", "john", "mic", "Again.");
    let refused = fixed.say_in_vain(&frame, "unknown_entity").await;
    assert_eq!(refused["field"], "target_id", "{refused}");
    let now = get(&cluster, "lobby/state").await;
    assert_eq!(now["state"]["entities"]["mic"], Value::Null);
    let then = get(&cluster, &format!("lobby/state?at={}", before["seq"])).await;
    assert_eq!(then, before);
    assert_eq!(then["state"]["entities"]["mic"]["state"]["speeches"], 1);
    delete(&cluster, "lobby").await;
    // Connections of the world end with it.
    assert!(john.next().await.is_none());
    for address in ["/ws/lobby?entity=john", "/ws/lobby"] {
        let mut late = Client::open(&cluster.gateways[0], address).await;
        assert_eq!(late.expect("error").await["code"], "world_deleted");
        assert!(late.next().await.is_none());
    }
}
