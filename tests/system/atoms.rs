//! The door for clients of Atoms. In this file: its client itself, unmodified, with the example world.

mod client;
mod conversation;
mod failovers;
mod pipeline;
mod rows;
mod slow_client;

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http};
use tempfile::TempDir;

use crate::worlds::open;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the client, which is installed there if it is not yet.
fn client() -> String {
    let script = root().join("deploy/scripts/get-atoms-client.sh");
    let output = Command::new(script).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What each step of the driver returned.
fn chat(cluster: &Cluster, path: &str, messages: &[&str]) -> Vec<(String, Value)> {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report.jsonl");
    let url = cluster.gateways[0].base.replace("http:", "ws:");
    let output = Command::new("python3")
        .env("PYTHONPATH", client())
        .arg(root().join("tests/system/atoms/driver.py"))
        .arg(format!("{url}{path}"))
        .arg(&report)
        .args(messages)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}\n{errors}");
    let report = std::fs::read_to_string(report).unwrap();
    let steps = report.lines().map(|line| {
        let step: Value = serde_json::from_str(line).unwrap();
        (
            step["step"].as_str().unwrap().to_owned(),
            step["result"].clone(),
        )
    });
    steps.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_atoms_is_greeted_and_answered() {
    let cluster = open("helpdesk").await;
    let messages = ["I forgot my password", "Where is my parcel?", "thank you"];
    let steps = tokio::task::block_in_place(|| chat(&cluster, "/atoms/helpdesk/ws", &messages));
    let expected = [
        ("connect", json!(true)),
        ("join", json!(true)),
        (
            "greeting",
            json!("Hello, this is the help desk. How can I help?"),
        ),
        (
            messages[0],
            json!("I have sent you a link. Open it, and choose another password."),
        ),
        (
            messages[1],
            json!("I have noted \"Where is my parcel?\", and somebody will look at it."),
        ),
        (messages[2], json!("You are welcome.")),
    ];
    let expected = expected.map(|(step, result)| (step.to_owned(), result));
    assert_eq!(steps, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_is_shown() {
    let cluster = open("helpdesk").await;
    let gateways = &cluster.gateways[..1];
    let world = "/v1/worlds/helpdesk";
    let flows = Http::get(gateways, &format!("{world}/flows")).await;
    let flow = flows["items"][0]["flow"].as_str().unwrap();
    let variables = json!({"variables": {"vip": true}});
    let begun = Http::post(
        gateways,
        &format!("{world}/flows/{flow}/sessions"),
        &variables,
    )
    .await;
    let path = format!("{world}/sessions/{}", begun["id"].as_str().unwrap());
    let open = Http::get(gateways, &path).await;
    assert_eq!(
        (&open["status"], &open["variables"]["vip"]),
        (&json!("open"), &json!(true))
    );
    let end = cluster.gateways[0].send(Method::DELETE, &path, None, None);
    let (status, ended) = end.await.unwrap();
    assert!(status.is_success(), "{ended}");
    let shown = Http::get(gateways, &path).await;
    assert_eq!(
        (&shown["status"], &shown["reason"]),
        (&json!("ended"), &json!("client"))
    );
    assert_eq!(
        (&shown["seq"], &shown["variables"]["vip"]),
        (&ended["seq"], &json!(true))
    );
}
