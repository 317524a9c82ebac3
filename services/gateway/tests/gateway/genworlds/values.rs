//! Values that others do not read as they are written, and fields that the log has as well.

use futures::{SinkExt as _, StreamExt as _};
use gateway::Config;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, event, start};

/// A frame with these fields behind its own.
fn frame_with(fields: &str) -> Message {
    let event = event("measured", "john", None).to_string();
    Message::text(format!("{},{fields}}}", event.trim_end_matches('}')))
}

#[tokio::test]
async fn what_json_does_not_have_is_refused_with_its_field_and_its_name() {
    let harness = start(Config::default()).await;
    let mut other = Client::open(&harness, "/ws/lobby?observe=all").await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    for (fields, field, word) in [
        (r#""sum":NaN"#, "sum", "NaN"),
        (r#""matrix":[[1.0,Infinity]]"#, "matrix[0][1]", "Infinity"),
        (r#""at":{"x":-Infinity}"#, "at.x", "-Infinity"),
        (r#""sum":1e999"#, "sum", "1e999"),
        (r#""text":"half \ud800""#, "text", r"\ud800"),
        (r#""text":"a","text":"b""#, "text", "text"),
        (r#""text":{"a":1,"a":2}"#, "text.a", "duplicate"),
        (r#""summary":"a""#, "summary", "summary"),
    ] {
        john.0.send(frame_with(fields)).await.unwrap();
        let error = john.receive_error("invalid").await;
        assert_eq!(error["field"], field, "{error}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{error}");
    }
    john.send_and_receive(&event("end", "john", None)).await;
    assert_eq!(other.types_until("end").await, ["end"]);
}

#[tokio::test]
async fn all_other_values_come_back_as_they_are_written() {
    let harness = start(Config::default()).await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    for fields in [
        r#""number":123456789012345678901234567890"#,
        r#""number":-9223372036854775809,"other":18446744073709551616"#,
        r#""number":1.0e2,"other":0.10000000000000000001"#,
        r#""text":"\ud83d\ude00 \u0000 \\ud800""#,
    ] {
        john.0.send(frame_with(fields)).await.unwrap();
        let text = loop {
            let next = john.0.next().await;
            if let Message::Text(text) = next.unwrap().unwrap() {
                break text;
            }
        };
        for field in fields.split(",\"other\"") {
            assert!(text.contains(field), "{text}");
        }
    }
}

#[tokio::test]
async fn a_client_s_own_fields_come_back_and_those_of_the_log_beside_them() {
    let harness = start(Config::default()).await;
    let mut other = Client::open(&harness, "/ws/lobby?entity=mic").await;
    let mut john = Client::open(&harness, "/ws/lobby").await;
    let mut sent = event("measured", "john", None);
    sent["event_id"] = json!("mine");
    sent["sequence"] = json!(17);
    let first = john.send_and_receive(&sent).await;
    for frame in [&first, &other.receive().await] {
        assert_eq!(frame["event_id"], "mine");
        assert_eq!(frame["sequence"], 17);
        assert_eq!(frame.get("recorded_at"), None);
    }
    let position = first["manyworlds"]["sequence"].as_str().unwrap();
    assert!(first["manyworlds"]["recorded_at"].is_string());
    sent["created_at"] = json!("2023-10-09T12:56:43");
    sent["recorded_at"] = Value::Null;
    sent["sequence"] = json!(18);
    john.send_and_receive(&sent).await;
    // From that position a client resumes.
    let address = format!("/ws/lobby?entity=mic&after={position}");
    let mut resumed = Client::open(&harness, &address).await;
    let second = resumed.receive().await;
    assert_eq!(
        (&second["sequence"], &second["recorded_at"]),
        (&json!(18), &Value::Null)
    );
}
