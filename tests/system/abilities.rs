//! Objects that workers of users bring to life: what they promise, and that they scale and survive.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::eventually;
use testkit::model::{ModelServer, Reply};

const WORLD: &str = "/v1/worlds/studio";

/// An example of the SDK as a worker; `cargo test` builds it.
pub(super) fn worker(cluster: &Cluster, example: &str, name: &str) -> Process {
    let environment = BTreeMap::from([("MANYWORLDS_NATS__URL".to_owned(), cluster.nats.url())]);
    Process::start(
        &format!("examples/{example}"),
        name,
        environment,
        &cluster.folder(),
    )
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    Http::get(&cluster.gateways, &format!("{WORLD}{path}")).await
}

async fn send(cluster: &Cluster, sender: &str, event: Value) -> (u16, Value) {
    let body = json!({"sender": sender, "events": [event]});
    let door = &cluster.gateways[0];
    let path = format!("{WORLD}/events");
    let (status, answer) = door
        .send(Method::POST, &path, Some(&body), None)
        .await
        .unwrap();
    (status.as_u16(), answer)
}

/// The events of a type, oldest first.
async fn events(cluster: &Cluster, kind: &str) -> Vec<Value> {
    // The archive may be behind the state.
    let seq = get(cluster, "/state").await["seq"].clone();
    let (mut found, mut after) = (Vec::new(), "0.0".to_owned());
    loop {
        let page = get(
            cluster,
            &format!("/events?type={kind}&limit=1000&after={after}&wait_for={seq}"),
        )
        .await;
        found.extend(page["events"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return found,
        }
    }
}

async fn mic(cluster: &Cluster) -> Value {
    get(cluster, "/entities/mic").await
}

async fn studio(cluster: &Cluster, agents: Value) {
    let mut entities = vec![json!({"id": "guest", "kind": "user"})];
    entities.extend(agents.as_array().unwrap().iter().cloned());
    let world =
        json!({"id": "studio", "entities": entities, "chats": [{"id": "main", "title": "Studio"}]});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
}

fn speech(message: &str) -> Value {
    json!({"type": "agent_speaks_into_microphone", "target": "mic", "data": {"message": message}})
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_holder_speaks_into_a_microphone() {
    let cluster = Cluster::start(Shape::default()).await;
    let script = json!({"brain": {"script": {}}});
    let agents = json!([
        {"id": "ada", "kind": "agent", "agent": script},
        {"id": "bob", "kind": "agent", "agent": script},
    ]);
    studio(&cluster, agents).await;
    let mut microphones = worker(&cluster, "microphone", "microphone-0");
    eventually("the microphone is there", async || {
        let page = get(&cluster, "/entities").await;
        let entities = page["entities"].as_array().unwrap();
        entities.iter().any(|entity| entity["id"] == "mic")
    })
    .await;
    assert_eq!(send(&cluster, "ada", speech("hello")).await.0, 201);
    assert_eq!(send(&cluster, "bob", speech("me too")).await.0, 201);
    eventually("ada's event is published and bob's is not", async || {
        let sounds = events(&cluster, "microphone_sounds").await;
        let refused = events(&cluster, "not_allowed").await;
        sounds.len() == 1
            && sounds[0]["data"] == json!({"speaker": "ada", "message": "hello"})
            && refused.len() == 1
            && refused[0]["target"] == "bob"
    })
    .await;
    // Nobody works: what is asked for meanwhile is done later.
    microphones.kill();
    let pass = json!({"type": "agent_passes_microphone", "target": "mic", "data": {"to": "bob"}});
    assert_eq!(send(&cluster, "ada", pass).await.0, 201);
    microphones.restart();
    eventually("bob holds the microphone", async || {
        mic(&cluster).await["held_by"] == "bob"
    })
    .await;
    assert_eq!(send(&cluster, "bob", speech("at last")).await.0, 201);
    eventually("both speeches are counted", async || {
        mic(&cluster).await["state"] == json!({"speeches": 2})
    })
    .await;
    let (status, problem) = send(
        &cluster,
        "bob",
        json!({"type": "agent_speaks_into_microphone", "target": "mic", "data": {"message": 7}}),
    )
    .await;
    assert_eq!(
        (status, &problem["field"]),
        (422, &json!("events[0].data.message"))
    );
    assert!(microphones.terminate(), "{}", microphones.log_tail());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_hands_change_one_state_and_none_is_lost() {
    let cluster = Cluster::start(Shape::default()).await;
    studio(
        &cluster,
        json!([{"id": "ada", "kind": "agent", "agent": {"brain": {"script": {}}}}]),
    )
    .await;
    let workers: Vec<Process> = (0..3)
        .map(|n| worker(&cluster, "microphone", &format!("microphone-{n}")))
        .collect();
    eventually("the microphone is there", async || {
        let page = get(&cluster, "/entities").await;
        let entities = page["entities"].as_array().unwrap();
        entities.iter().any(|entity| entity["id"] == "mic")
    })
    .await;
    let speeches: Vec<Value> = (0..60).map(|n| speech(&n.to_string())).collect();
    let body = json!({"sender": "ada", "events": speeches});
    Http::post(&cluster.gateways, &format!("{WORLD}/events"), &body).await;
    eventually("every speech is counted once", async || {
        mic(&cluster).await["state"] == json!({"speeches": 60})
    })
    .await;
    let sounds = events(&cluster, "microphone_sounds").await;
    let sounds = sounds.iter().map(|event| &event["data"]["message"]);
    let speeches: Vec<String> = sounds
        .map(|text| text.as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    assert_eq!(speeches, expected);
    drop(workers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_makes_use_of_an_object() {
    let (cluster, model) = (
        Cluster::start(Shape::default()).await,
        ModelServer::start().await,
    );
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
    let agents =
        json!([{"id": "ada", "kind": "agent", "agent": {"brain": {"llm": llm}, "tools": {}}}]);
    studio(&cluster, agents).await;
    let _microphones = worker(&cluster, "microphone", "microphone-0");
    eventually("the microphone is there", async || {
        let page = get(&cluster, "/entities/ada/offers").await;
        page["offers"].as_array().unwrap().len() == 2
    })
    .await;
    model.reply(Reply::calls(
        "",
        &[["c1", "mic_speak", r#"{"message":"good evening"}"#]],
    ));
    model.reply(Reply::text("I said it."));
    let body = json!({"sender": "guest", "text": "greet everyone"});
    let path = format!("{WORLD}/chats/main/messages");
    let answer = Http::post(&cluster.gateways, &path, &body).await;
    assert_eq!(answer["answers"][0]["text"], "I said it.", "{answer}");
    let sounds = events(&cluster, "microphone_sounds").await;
    assert_eq!(sounds[0]["data"]["speaker"], "ada");
    let prompt = model.requests()[1].body["messages"].to_string();
    assert!(prompt.contains("microphone_sounds"), "{prompt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_is_counted_once_although_workers_come_and_go() {
    const NUMBERS: u64 = 10_000;
    const BATCH: u64 = 100;
    let cluster = Cluster::start(Shape::default()).await;
    let counter = json!({
        "id": "counter", "kind": "object",
        "abilities": [{
            "name": "count", "trigger": "counter.count", "run": {"worker": "counter-count"}, "concurrent": true,
        }],
    });
    studio(&cluster, json!([counter])).await;
    let mut workers: Vec<Process> = (0..4)
        .map(|n| worker(&cluster, "counter", &format!("counter-{n}")))
        .collect();
    for (round, first) in (0..NUMBERS).step_by(BATCH as usize).enumerate() {
        let count = |number| json!({"type": "counter.count", "target": "counter", "data": {"number": number, "takes_ms": 5}});
        let batch: Vec<Value> = (first..first + BATCH).map(count).collect();
        let body = json!({"sender": "guest", "events": batch});
        Http::post(&cluster.gateways, &format!("{WORLD}/events"), &body).await;
        match round % 20 {
            5 => workers[round % 4].kill(),
            10 => workers.push(worker(&cluster, "counter", &format!("counter-{round}"))),
            15 => workers[(round - 10) % 4].restart(),
            _ => {}
        }
    }
    eventually("every number is counted", async || {
        let state = get(&cluster, "/state").await;
        state["state"]["invocations"] == json!({})
    })
    .await;
    let counted = events(&cluster, "counter.counted").await;
    let numbers: BTreeSet<u64> = counted
        .iter()
        .map(|event| event["data"]["number"].as_u64().unwrap())
        .collect();
    assert_eq!(counted.len() as u64, NUMBERS, "none twice");
    assert_eq!(numbers.len() as u64, NUMBERS, "none lost");
}
