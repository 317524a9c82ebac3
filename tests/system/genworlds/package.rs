//! The classes of GenWorlds' own package, unmodified, as its tutorials use them: what they do on its own server they do
//! on ours, in a world that nobody has described.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use tempfile::TempDir;

use super::client::{Client, event, saying};
use crate::worlds::open;

/// Where its clients connect: objects, agents and worlds of the package know no other address.
const ADDRESS: &str = "127.0.0.1:7456";
const EXAMPLES: [&str; 6] = [
    "quickstart",
    "simple_collaboration",
    "rag",
    "custom_qna",
    "microphone",
    "gui",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Python of the environment that has the package, which is installed there if it is not yet.
fn python() -> PathBuf {
    let script = root().join("deploy/scripts/get-genworlds-client.sh");
    let output = Command::new(script).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let folder = String::from_utf8(output.stdout).unwrap();
    Path::new(folder.trim()).join("bin/python")
}

/// What happened in an example, on the server that listens at the address; on its own one if none does.
fn run(python: &Path, example: &str, folder: &Path) -> Vec<Value> {
    let report = folder.join("report.jsonl");
    // It prints every frame, and the traces of what its agents can't do yet.
    let output = Command::new(python)
        .arg(root().join("tests/system/genworlds_package/run.py"))
        .arg(example)
        .arg(&report)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = &errors[errors.floor_char_boundary(errors.len().saturating_sub(5000))..];
    assert!(output.status.success(), "{example}: {last}");
    let report = std::fs::read_to_string(report).unwrap();
    let events = report
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    events.collect()
}

/// A gateway at the address, whose clients get to this world.
async fn listen(cluster: &Cluster, world: &str) -> Process {
    let environment = BTreeMap::from([
        ("MANYWORLDS_NATS__URL".to_owned(), cluster.nats.url()),
        ("MANYWORLDS_LISTEN".to_owned(), ADDRESS.to_owned()),
        ("MANYWORLDS_GENWORLDS_WORLD".to_owned(), world.to_owned()),
    ]);
    let name = format!("gateway-{world}");
    let process = Process::start("gateway", name, environment, &cluster.folder());
    Http::new(format!("http://{ADDRESS}")).ready().await;
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn its_examples_do_here_what_they_do_on_its_own_server() {
    let python = tokio::task::block_in_place(python);
    let cluster = Cluster::start(Shape::default()).await;
    let folder = TempDir::new().unwrap();
    for example in EXAMPLES {
        let theirs = tokio::task::block_in_place(|| run(&python, example, folder.path()));
        assert!(!theirs.is_empty(), "{example}");
        // Nothing is in it: no entity, no type of events.
        let world = example.replace('_', "-");
        Http::post(&cluster.gateways, "/v1/worlds", &json!({"id": world})).await;
        let _gateway = listen(&cluster, &world).await;
        let ours = tokio::task::block_in_place(|| run(&python, example, folder.path()));
        assert_eq!(ours, theirs, "{example}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_runs_the_objects_of_a_world_file_beside_our_workers() {
    const SPEAKS: &str = "agent_speaks_into_microphone_trigger_event";
    let cluster = open("podcast").await;
    let door = &cluster.gateways[0];
    let mut mic = Client::open(door, "/ws/podcast?entity=mic").await;
    let mut jason = Client::open(door, "/ws/podcast?entity=jason").await;
    // The host is run by our workers, and uses what the client runs.
    jason
        .say_and_receive(&event("show_begins", "jason", None))
        .await;
    mic.expect("show_begins").await;
    // When she has said it, she sleeps: that is sent as well, at about the same time.
    let welcome = next_of(&mut mic, SPEAKS).await;
    assert_eq!(welcome["sender_id"], "ada");
    assert_eq!(welcome["message"], "Welcome to the podcast!");
    // Forty at once get to the client in their order.
    for number in 0..40 {
        let speech = saying(SPEAKS, "jason", "mic", &number.to_string());
        jason.say(&speech).await;
    }
    for number in 0..40 {
        let speech = next_of(&mut mic, SPEAKS).await;
        assert_eq!(speech["message"], number.to_string());
    }
}

/// The next frame of a type.
async fn next_of(client: &mut Client, event_type: &str) -> Value {
    loop {
        let frame = client.next().await.unwrap();
        if frame["event_type"] == event_type {
            return frame;
        }
    }
}
