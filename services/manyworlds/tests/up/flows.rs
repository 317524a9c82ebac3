//! The commands of flows, as a person types them.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Up;

const DESK: &str = "
id: desk
name: Desk
entities: [{id: ann, kind: user}]
flows:
  gate:
    nodes: [{id: gate, router: {}}, {id: out, sink: true}]
    edges: [[gate, out]]
";

#[tokio::test]
async fn flows_are_listed_shown_and_drawn_and_a_session_is_a_conversation() {
    let folder = TempDir::new().unwrap();
    let up = Up::start(folder.path());
    let path = folder.path().join("desk.yaml");
    fs::write(&path, DESK).unwrap();
    up.says(&["world", "apply", path.to_str().unwrap()], "");
    let list = up.says(&["flow", "list", "desk"], "");
    let columns = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows: Vec<String> = list.lines().map(columns).collect();
    assert_eq!(rows, ["FLOW REVISION NODES SESSIONS", "gate 0 2 0"]);
    let shown = up.says(&["flow", "show", "desk", "gate"], "");
    assert!(
        shown.starts_with("gate: revision 0, open sessions 0\n"),
        "{shown}"
    );
    let drawn = up.says(&["flow", "diagram", "desk", "gate"], "");
    assert!(drawn.starts_with("flowchart"), "{drawn}");

    let session = ["--json", "session", "desk", "gate", "--as", "ann"];
    let events = up.says(&session, "hello\n\nbye\n");
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    let update = "agent.transcript.update";
    assert_eq!(types, ["agent.ready", update, update]);
    assert_eq!(events[2]["data"]["content"], "bye");
    // The end of the input is the end of the session.
    let list = up.says(&["flow", "list", "desk"], "");
    assert_eq!(
        list.lines().last().map(columns).as_deref(),
        Some("gate 0 2 0")
    );
}

#[tokio::test]
async fn an_answer_is_on_one_line_behind_the_calls_of_its_tools() {
    let folder = TempDir::new().unwrap();
    let up = Up::start(folder.path());
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../deploy/worlds/helpdesk.yaml"
    );
    up.says(&["world", "apply", path], "");
    let shown = up.says(&["session", "helpdesk", "desk"], "Where is my parcel 42?\n");
    let lines: Vec<&str> = shown.lines().collect();
    let expected = [
        "support: Hello, this is the help desk. How can I help?",
        "support: I have opened a ticket. Somebody will look for your parcel.",
    ];
    assert_eq!(lines, expected);
    assert!(shown.ends_with('\n'), "{shown:?}");
}
