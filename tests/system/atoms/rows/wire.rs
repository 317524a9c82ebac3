//! What is on the wire, and which flows are refused.

use contract::{Timestamp, WorldId};
use serde_json::{Value, json};
use system_tests::oracle;

use super::super::client::{Client, types};
use super::desk::Desk;

pub(super) async fn ready_is_first(desk: &Desk) {
    // It is `agent.ready` that is expected as the first frame.
    let (mut client, ready) = desk.begin("greeting").await;
    assert_eq!(ready["metadata"]["flow"], "greeting");
    let greeting = client.expect("agent.speak").await;
    assert_eq!(
        (&greeting["text"], &greeting["metadata"]["node"]),
        (&json!("hello"), &json!("greeter"))
    );
}

pub(super) async fn an_unknown_type_arrives(desk: &Desk) {
    let (mut client, _) = desk.begin("chain").await;
    let payload =
        r#""z":1.50,"n":12345678901234567890123,"a":{"x":  [ ]},"list":[1, 2],"text":"\u00fc""#;
    let frame = format!(r#"{{"type":"myapp.x",{payload}}}"#);
    client.send_text(&frame).await.unwrap();
    let received = client.next_text().await.unwrap();
    assert!(received.ends_with(&format!(",{payload}}}")), "{received}");
    assert!(received.starts_with(r#"{"type":"myapp.x","#), "{received}");
}

pub(super) async fn a_missing_field_is_a_warning(desk: &Desk) {
    let (mut client, _) = desk.begin("chain").await;
    let update = json!({"type": "agent.transcript.update", "id": "u-1", "role": "user"});
    client.send(&update).await.unwrap();
    let error = client.expect("agent.error").await;
    assert_eq!(error["severity"], "warning");
    let expected = json!({
        "code": "invalid_payload", "event_type": "agent.transcript.update", "field": "content",
        "event_id": "u-1",
    });
    assert_eq!(error["payload"], expected);
    lives(&mut client).await;
}

/// A session that takes an event, and returns it.
pub(super) async fn lives(client: &mut Client) {
    client.send(&json!({"type": "myapp.x"})).await.unwrap();
    client.expect("myapp.x").await;
}

pub(super) async fn an_edge_to_no_node_is_refused(desk: &Desk) {
    let (status, problem) = desk.declare(&["a"], &[["a", "nowhere"]]).await;
    assert_eq!(
        (status, &problem["field"]),
        (422, &json!("edges[0][1]")),
        "{problem}"
    );
}

pub(super) async fn a_cycle_is_refused(desk: &Desk) {
    // No node is without a parent, as in the example of Atoms' documents.
    let all = [["a", "b"], ["b", "c"], ["c", "a"]];
    let (status, problem) = desk.declare(&["a", "b", "c"], &all).await;
    assert_eq!(status, 422, "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains("cycle"),
        "{problem}"
    );
    // One behind a root.
    let behind = [["root", "a"], ["a", "b"], ["b", "a"]];
    let (status, problem) = desk.declare(&["root", "a", "b"], &behind).await;
    assert_eq!(status, 422, "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains("cycle"),
        "{problem}"
    );
}

pub(super) async fn every_event_has_its_envelope(desk: &Desk) {
    let (mut client, ready) = desk.begin("chain").await;
    let note = json!({"type": "note", "id": "n-1", "text": "x", "metadata": {"mine": 1}});
    client.send(&note).await.unwrap();
    let mut frames = client.until("note").await;
    assert_eq!(types(&frames), ["note.read", "note"]);
    assert_eq!(
        (&frames[1]["id"], &frames[1]["metadata"]["mine"]),
        (&json!("n-1"), &json!(1))
    );
    frames.push(ready);
    for frame in &frames {
        assert!(
            frame["id"].is_string() && frame["type"].is_string(),
            "{frame}"
        );
        let timestamp = frame["timestamp"].as_str().unwrap();
        assert!(timestamp.ends_with('Z'), "{frame}");
        timestamp.parse::<Timestamp>().unwrap();
        assert!(frame["metadata"]["position"].is_string(), "{frame}");
    }
    // Its cause is in the log, for those who want to know.
    let world: WorldId = "desk".parse().unwrap();
    let log = oracle::read_log(&desk.cluster.bus().await, &world).await;
    let event_of = |frame: &Value| {
        let position = frame["metadata"]["position"].as_str().unwrap();
        let mut events = log.iter();
        let (_, event) = events.find(|(place, _)| place == position).unwrap();
        event
    };
    let read = event_of(&frames[0]);
    assert!(read.causation.is_some() && read.correlation.is_some());
    assert_eq!(read.correlation, event_of(&frames[1]).correlation);
}
