//! A backup that is made under load, and a system that is made of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::{Config, StreamStore};
use contract::MessageId;
use contract::subject::{LEASES_BUCKET, LOG_STREAM};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape, oracle};
use tempfile::TempDir;
use testkit::model::{ModelServer, Reply};
use testkit::{eventually, eventually_within};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const SENDERS: usize = 4;
/// So many messages of each sender before the backup, and behind it.
const MESSAGES_MIN: usize = 40;
const PATIENCE: Duration = Duration::from_secs(90);

type Acknowledged = Arc<Mutex<Vec<Vec<MessageId>>>>;

/// Runs a command of the command line, with NATS at this address.
fn manyworlds(arguments: &[&str], nats: &str) -> std::process::Output {
    let arguments = [arguments, &["--nats", nats]].concat();
    Process::run("manyworlds", &arguments, &BTreeMap::new(), "")
}

fn assert_refused(output: &std::process::Output, reason: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it was not refused");
    assert!(error.contains(reason), "{error}");
}

fn assert_done(output: &std::process::Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn busy() -> Value {
    let mut entities: Vec<Value> = (0..SENDERS)
        .map(|n| json!({"id": format!("user-{n}"), "kind": "user"}))
        .collect();
    entities.push(json!({"id": "ada", "kind": "agent", "agent": {}}));
    json!({"id": "busy", "entities": entities, "chats": [{"id": "main", "title": "Busy"}]})
}

fn slow(model: &ModelServer) -> Value {
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
    json!({
        "id": "slow",
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "eve", "kind": "agent", "agent": {"brain": {"llm": llm}}},
        ],
        "chats": [{"id": "main", "title": "Slow"}],
    })
}

/// Posts until it is over.
async fn post(doors: Vec<Http>, person: usize, acknowledged: Acknowledged, over: Arc<AtomicBool>) {
    let mut count = 0;
    while !over.load(Ordering::Acquire) {
        let text = format!("@ada message {count} of {person}");
        let body = json!({"sender": format!("user-{person}"), "text": text, "wait": false});
        let answer = Http::post(&doors, "/v1/worlds/busy/chats/main/messages", &body).await;
        let id = answer["id"].as_str().unwrap().parse().unwrap();
        acknowledged.lock().unwrap()[person].push(id);
        count += 1;
    }
}

async fn more_were_acknowledged(acknowledged: &Acknowledged, than: &[Vec<MessageId>]) {
    eventually_within(PATIENCE, "more messages are acknowledged", async || {
        let now = acknowledged.lock().unwrap().clone();
        let enough = |(now, than): (&Vec<_>, &Vec<_>)| now.len() >= than.len() + MESSAGES_MIN;
        now.iter().zip(than).all(enough)
    })
    .await;
}

/// A backup of a system under load, and what was acknowledged before it was begun.
async fn backup_under_load(model: &ModelServer, file: &Path) -> Vec<Vec<MessageId>> {
    let cluster = Cluster::start(Shape {
        worlds: 2,
        workers: 2,
        ..Shape::default()
    })
    .await;
    Http::post(&cluster.gateways, "/v1/worlds", &busy()).await;
    Http::post(&cluster.gateways, "/v1/worlds", &slow(model)).await;
    let question = json!({"sender": "guest", "text": "Well?", "wait": false});
    Http::post(
        &cluster.gateways,
        "/v1/worlds/slow/chats/main/messages",
        &question,
    )
    .await;
    eventually("the model is asked", async || !model.requests().is_empty()).await;

    let acknowledged: Acknowledged = Arc::new(Mutex::new(vec![Vec::new(); SENDERS]));
    let over = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for person in 0..SENDERS {
        let doors = cluster.gateways.clone();
        senders.spawn(post(doors, person, acknowledged.clone(), over.clone()));
    }
    more_were_acknowledged(&acknowledged, &vec![Vec::new(); SENDERS]).await;
    let before = acknowledged.lock().unwrap().clone();
    let (path, nats) = (file.to_str().unwrap().to_owned(), cluster.nats.url());
    let made = tokio::task::spawn_blocking(move || manyworlds(&["backup", &path], &nats)).await;
    let printed = assert_done(&made.unwrap());
    assert!(printed.contains("complete up to commit"), "{printed}");
    // It was under load until its end.
    let then = acknowledged.lock().unwrap().clone();
    more_were_acknowledged(&acknowledged, &then).await;
    over.store(true, Ordering::Release);
    senders.join_all().await;
    before
}

/// Restores into the NATS of a system that has another world, whose services are stopped for that.
async fn restore(cluster: &mut Cluster, file: &Path) {
    let (path, nats) = (file.to_str().unwrap(), cluster.nats.url());
    let other = json!({"id": "other"});
    Http::post(&cluster.gateways, "/v1/worlds", &other).await;
    let running = manyworlds(&["restore", path, "--replace"], &nats);
    assert_refused(&running, "services run");
    for process in &mut cluster.processes {
        process.kill();
    }
    let config = Config {
        url: nats.clone(),
        ..Config::default()
    };
    let store = StreamStore::connect(&config, "test").await.unwrap();
    let leases = bus::bucket_stream(LEASES_BUCKET);
    eventually("no service has a lease", async || {
        let held = store.extent(&leases).await.unwrap();
        held.is_some_and(|held| held.messages == 0)
    })
    .await;
    let there = manyworlds(&["restore", path], &nats);
    assert_refused(&there, "pass --replace");
    let torn = file.with_extension("torn");
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() - 1000]).unwrap();
    let refused = manyworlds(&["restore", torn.to_str().unwrap(), "--replace"], &nats);
    assert_refused(&refused, "it is not complete");
    let log = store.extent(LOG_STREAM).await.unwrap().unwrap();
    assert!(log.messages > 0, "a refusal changed something");

    assert_done(&manyworlds(&["restore", path, "--replace"], &nats));
    // Its archive is that of the system that was there.
    let archive = cluster.archive().to_owned();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", archive.display()));
    }
    for process in &mut cluster.processes {
        process.restart();
    }
    cluster.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_backup_is_there_once_it_is_restored() {
    let (model, gate) = (ModelServer::start().await, Arc::new(Semaphore::new(0)));
    let held = gate.clone();
    model.answer_with(move |_| Reply::text("At last.").held_by(&held));
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("system.backup");
    let before = backup_under_load(&model, &file).await;

    let mut cluster = Cluster::start(Shape {
        worlds: 2,
        workers: 2,
        ..Shape::default()
    })
    .await;
    restore(&mut cluster, &file).await;

    let (bus, world) = (cluster.bus().await, "busy".parse().unwrap());
    let mut counts = oracle::Counts::default();
    eventually_within(PATIENCE, "all is there, and answered", async || {
        let log = oracle::read_log(&bus, &world).await;
        counts = oracle::messages(&log, &before);
        counts.add(oracle::answers(&log));
        counts.is_clean()
    })
    .await;
    assert!(counts.acknowledged >= SENDERS * MESSAGES_MIN, "{counts}");

    // A run that was open goes on.
    gate.add_permits(Semaphore::MAX_PERMITS / 2);
    eventually_within(PATIENCE, "the open run has ended", async || {
        let path = "/v1/worlds/slow/chats/main/messages";
        let page = Http::get(&cluster.gateways, path).await;
        let messages = page["messages"].as_array().unwrap();
        messages
            .iter()
            .filter(|message| message["text"] == "At last.")
            .count()
            == 1
    })
    .await;

    // It goes on writing, behind what was there.
    let end = bus.log().end().await.unwrap();
    let body = json!({"sender": "user-0", "text": "@ada and now?"});
    let path = "/v1/worlds/busy/chats/main/messages";
    let answer = Http::post(&cluster.gateways, path, &body).await;
    assert!(answer["seq"].as_u64().unwrap() > end.newest, "{answer}");
    assert_eq!(
        answer["answers"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
    let other = cluster.gateways[0].send(reqwest::Method::GET, "/v1/worlds/other", None, None);
    assert_eq!(other.await.unwrap().0, reqwest::StatusCode::NOT_FOUND);
}
