//! A desk that takes claims at any hour: they wait in the world, and each has its outcome, whatever is killed.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::{eventually, eventually_within};

use crate::abilities::worker;

const WORLD: &str = "/v1/worlds/night-desk";
const SESSIONS: usize = 100;
const CLAIMS_PER_SESSION: usize = 10;
/// How many clients are busy at the same time.
const CLIENTS: usize = 16;
/// Enough for all assessments, one after the other.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// The desk, which opens when somebody requests it.
async fn open_world(shape: Shape) -> Cluster {
    let cluster = Cluster::start(shape).await;
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = file.join("../deploy/worlds/night-desk.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    // No night ends while the test runs.
    let text = text.replace("delay_seconds: 60,", "delay_seconds: 86400,");
    let url = cluster.gateways[0].base.clone();
    let environment = BTreeMap::from([("MANYWORLDS_URL".to_owned(), url)]);
    let file = cluster.folder().join("night-desk.yaml");
    std::fs::write(&file, text).unwrap();
    let arguments = ["world", "apply", file.to_str().unwrap()];
    Process::output("manyworlds", &arguments, &environment, "");
    cluster
}

/// A session whose client has claimed things, the first of them with a deadline before the desk opens.
async fn claim(doors: &[Http], number: usize) -> String {
    let door = &doors[number % doors.len()..][..1];
    let begun = Http::post(
        door,
        &format!("{WORLD}/flows/claims/sessions"),
        &json!({"entity": "ann"}),
    )
    .await;
    let id = begun["id"].as_str().unwrap().to_owned();
    let events = (0..CLAIMS_PER_SESSION).map(|claim| {
        let within = if claim == 0 { 1 } else { 3600 };
        let data = json!({"text": format!("window {number}.{claim}"), "within_seconds": within});
        json!({"type": "claim_event", "data": data})
    });
    let body = json!({"sender": "ann", "events": events.collect::<Vec<_>>()});
    Http::post(door, &format!("{WORLD}/sessions/{id}/events"), &body).await;
    id
}

/// What the client of a session has got.
async fn frames(cluster: &Cluster, session: &str) -> Vec<Value> {
    let (mut frames, mut after) = (Vec::new(), "0.0".to_owned());
    loop {
        let path = format!("{WORLD}/sessions/{session}/events?after={after}&limit=1000");
        let page = Http::get(&cluster.gateways, &path).await;
        frames.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return frames,
        }
    }
}

/// The claims of a session, each with its outcomes: the status, and what was assessed.
async fn outcomes(cluster: &Cluster, session: &str) -> BTreeMap<String, Vec<(String, Value)>> {
    let frames = frames(cluster, session).await;
    let of_type = |name: &'static str| frames.iter().filter(move |frame| frame["type"] == name);
    let mut claims = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for claim in of_type("claim_event") {
        let text = claim["data"]["text"].as_str().unwrap().to_owned();
        claims.insert(text.clone(), Vec::new());
        texts.insert(claim["id"].as_str().unwrap().to_owned(), text);
    }
    for outcome in of_type("interaction.outcome") {
        let text = &texts[outcome["turn"].as_str().unwrap()];
        let target = &outcome["data"]["targets"][0];
        let status = target["status"].as_str().unwrap().to_owned();
        let value = target["output"][0]["value"].clone();
        claims.get_mut(text).unwrap().push((status, value));
    }
    claims
}

/// The outcome of a claim whose deadline has passed.
fn late() -> (String, Value) {
    ("timed_out".to_owned(), Value::Null)
}

/// What each claim of a session has come to in the end.
fn assessed(number: usize) -> BTreeMap<String, Vec<(String, Value)>> {
    let claims = (0..CLAIMS_PER_SESSION).map(|claim| {
        let text = format!("window {number}.{claim}");
        let outcome = match claim {
            0 => late(),
            _ => ("completed".to_owned(), json!(format!("granted: {text}"))),
        };
        (text, vec![outcome])
    });
    claims.collect()
}

async fn waiting(cluster: &Cluster) -> Value {
    let path = format!("{WORLD}/entities/nora/behaviour");
    Http::get(&cluster.gateways, &path).await["requests"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_claims_wait_for_the_desk_to_open() {
    let shape = Shape {
        gateways: 3,
        ..Shape::default()
    };
    let mut cluster = open_world(shape).await;
    let desk = worker(&cluster, "night_desk", "desk");
    let doors = cluster.gateways.clone();
    let begun = stream::iter(0..SESSIONS).map(|number| claim(&doors, number));
    let sessions: Vec<String> = begun.buffered(CLIENTS).collect().await;

    let long = SESSIONS * (CLAIMS_PER_SESSION - 1);
    eventually_within(PATIENCE, "all wait that have time", async || {
        waiting(&cluster).await == long
    })
    .await;
    let late = late();
    for (number, session) in sessions.iter().enumerate() {
        eventually(
            "the first claim has timed out, no other has an outcome",
            async || {
                let outcomes = outcomes(&cluster, session).await;
                let first = format!("window {number}.0");
                let expected = |text: &String| {
                    if *text == first {
                        vec![late.clone()]
                    } else {
                        vec![]
                    }
                };
                outcomes.len() == CLAIMS_PER_SESSION
                    && outcomes
                        .iter()
                        .all(|(text, found)| *found == expected(text))
            },
        )
        .await;
    }

    // Nobody needs to be there while they wait.
    drop(desk);
    cluster.stop("world");
    cluster.resume("world").await;
    assert_eq!(waiting(&cluster).await, long);
    let _desk = worker(&cluster, "night_desk", "another desk");

    let opening = json!({"requester": "ann", "action": "nop", "targets": ["role:assessor"]});
    Http::post(
        &cluster.gateways,
        &format!("{WORLD}/interactions"),
        &opening,
    )
    .await;
    eventually_within(PATIENCE, "all are assessed", async || {
        waiting(&cluster).await == 0
    })
    .await;
    for (number, session) in sessions.iter().enumerate() {
        let expected = assessed(number);
        // The node handles each outcome before the client gets it.
        eventually("each claim has one outcome", async || {
            outcomes(&cluster, session).await == expected
        })
        .await;
        let shown = Http::get(&cluster.gateways, &format!("{WORLD}/sessions/{session}")).await;
        assert_eq!(
            shown["variables"]["assessed"],
            CLAIMS_PER_SESSION - 1,
            "{shown}"
        );
    }
}
