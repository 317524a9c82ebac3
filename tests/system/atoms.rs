//! The door for clients of Atoms. In this file: its client itself, unmodified, with the example world.

mod client;
pub(crate) mod conversation;
pub(crate) mod failovers;
mod pipeline;
mod rows;
mod slow_client;

use std::collections::{BTreeMap, BTreeSet};
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
            json!("I have opened a ticket. Somebody will look for your parcel."),
        ),
        (messages[2], json!("You are welcome.")),
    ];
    let expected = expected.map(|(step, result)| (step.to_owned(), result));
    assert_eq!(steps, expected);

    // The tool that support has used.
    let world = "/v1/worlds/helpdesk";
    let sessions = Http::get(&cluster.gateways, &format!("{world}/sessions")).await;
    let session = sessions["items"][0]["id"].as_str().unwrap();
    let path = format!("{world}/sessions/{session}/events?limit=1000");
    let events = Http::get(&cluster.gateways, &path).await;
    let events = events["items"].as_array().unwrap().iter();
    let logs: Vec<&Value> = events
        .filter(|event| event["type"] == "agent.log")
        .collect();
    let names: Vec<&Value> = logs.iter().map(|log| &log["data"]["name"]).collect();
    assert_eq!(names, ["tool_call_start", "tool_call_end"], "{logs:?}");
    let [started, ended] = [0, 1].map(|index| &logs[index]["data"]["payload"]);
    assert_eq!(started["name"], "tickets_open");
    assert_eq!(started["arguments"], json!({"title": messages[1]}));
    assert_eq!(
        (&ended["id"], &ended["success"]),
        (&started["id"], &json!(true))
    );
    let tickets = Http::get(&cluster.gateways, &format!("{world}/entities/tickets")).await;
    assert_eq!(tickets["state"]["jobs"][0]["title"], messages[1]);
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
    assert_eq!(
        sessions(&cluster, "status=ended").await,
        [shown["id"].clone()]
    );
}

/// The ids of the sessions of a world, two to a page.
async fn sessions(cluster: &Cluster, query: &str) -> Vec<Value> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/worlds/helpdesk/sessions?limit=2&{query}{after}");
        let page = Http::get(&cluster.gateways, &path).await;
        let items = page["items"].as_array().unwrap().iter();
        ids.extend(items.map(|session| session["id"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_open_and_ended() {
    let cluster = open("helpdesk").await;
    let world = "/v1/worlds/helpdesk";
    let mut begun = Vec::new();
    for number in 0..5 {
        let path = format!("{world}/flows/desk/sessions");
        let session = Http::post(&cluster.gateways, &path, &json!({"entity": "ann"})).await;
        let id = session["id"].clone();
        if number % 2 == 0 {
            let path = format!("{world}/sessions/{}?sender=ann", id.as_str().unwrap());
            let end = cluster.gateways[0].send(Method::DELETE, &path, None, None);
            let (status, ended) = end.await.unwrap();
            assert!(status.is_success(), "{ended}");
        }
        begun.push(id);
    }
    let [ended, open] = [0, 1].map(|first| {
        let every_other = begun.iter().skip(first).step_by(2);
        every_other.cloned().collect::<Vec<_>>()
    });
    for query in ["", "status=open&flow=desk"] {
        // Open ones are in the order of their ids.
        let by_id = |ids: &[Value]| ids.iter().map(Value::to_string).collect::<BTreeSet<_>>();
        let listed = sessions(&cluster, query).await;
        assert_eq!((by_id(&listed), listed.len()), (by_id(&open), open.len()));
    }
    assert_eq!(sessions(&cluster, "status=ended").await, ended);
    assert_eq!(sessions(&cluster, "status=ended&entity=ann").await, ended);
    assert_eq!(
        sessions(&cluster, "status=ended&flow=other").await,
        [Value::Null; 0]
    );
    assert_eq!(sessions(&cluster, "status=all").await, begun);
    assert_eq!(
        sessions(&cluster, "status=all&entity=billing").await,
        [Value::Null; 0]
    );
    let url = cluster.gateways[0].base.clone();
    let environment = BTreeMap::from([("MANYWORLDS_URL".to_owned(), url)]);
    let arguments = ["sessions", "helpdesk", "--status", "ended"];
    let listed = system_tests::Process::output("manyworlds", &arguments, &environment, "");
    for id in &ended {
        let line = listed
            .lines()
            .find(|line| line.contains(id.as_str().unwrap()));
        assert!(
            line.is_some_and(|line| line.contains("ended: client")),
            "{listed}"
        );
    }
    assert_eq!(listed.lines().count(), 1 + ended.len(), "{listed}");
}
