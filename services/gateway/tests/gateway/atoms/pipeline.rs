//! Frames that are sent without waiting: their order, and the places of their errors.

use gateway::{Config, Limits};
use serde_json::{Value, json};
use testkit::eventually;

use super::{Client, DESK, GATE};
use crate::flows::Desk;

async fn desk(commands_in_flight_max: usize) -> Desk {
    let limits = Limits {
        commands_in_flight_max,
        ..Limits::default()
    };
    Desk::start(Config {
        limits,
        ..Config::default()
    })
    .await
}

/// A numbered frame. Some are not taken: by the world, by the door, or since they are no JSON.
fn frame(n: u64) -> String {
    let event_type = if n % 10 == 3 { "" } else { "my.n" };
    let metadata = if n % 10 == 5 { json!(1) } else { json!({}) };
    match n % 10 {
        7 => "no json".to_owned(),
        _ => json!({"type": event_type, "id": n.to_string(), "metadata": metadata, "n": n})
            .to_string(),
    }
}

/// What the error of a frame has, if it is not taken.
fn expected_error(n: u64) -> Option<Value> {
    let (code, field, event_type) = match n % 10 {
        3 => ("invalid", json!("type"), json!("")),
        5 => ("invalid", json!("metadata"), json!("my.n")),
        7 => ("malformed_json", json!(null), json!(null)),
        _ => return None,
    };
    let id = (n % 10 != 7).then(|| n.to_string());
    Some(json!({"code": code, "field": field, "event_type": event_type, "event_id": id}))
}

#[tokio::test]
async fn frames_keep_their_order_and_errors_have_their_place() {
    const FRAMES: u64 = 400;
    for commands_in_flight_max in [1, 4, 512] {
        let desk = desk(commands_in_flight_max).await;
        let (mut client, _) = Client::begin(&desk.harness, GATE).await;
        for n in 0..FRAMES {
            client.send_bytes(frame(n).into_bytes()).await;
        }
        let mut taken = (0..FRAMES).filter(|n| expected_error(*n).is_none());
        let mut refused = (0..FRAMES).filter(|n| expected_error(*n).is_some());
        let mut last_taken = None;
        for _ in 0..FRAMES {
            let (text, received) = client.receive().await;
            if received["type"] == "my.n" {
                last_taken = taken.next();
                assert_eq!(received["n"], json!(last_taken), "{text}");
                continue;
            }
            let n = refused.next().unwrap();
            assert_eq!(received["payload"], expected_error(n).unwrap(), "{text}");
            assert_eq!(received["severity"], "warning");
            // All frames before it that were taken have come back.
            let before = (0..n).rfind(|before| expected_error(*before).is_none());
            assert!(last_taken >= before, "{n} is behind {last_taken:?}");
        }
    }
}

#[tokio::test]
async fn what_was_sent_before_the_connection_is_closed_is_stored() {
    let desk = desk(512).await;
    let (mut client, ready) = Client::begin(&desk.harness, GATE).await;
    for n in 0..500 {
        client.send(&json!({"type": "my.n", "n": n})).await;
    }
    client.close().await;
    let session = ready["metadata"]["session"].as_str().unwrap();
    let path = format!("/v1/worlds/desk/sessions/{session}/events?limit=1000");
    let numbers = async || -> Vec<u64> {
        let page = desk.harness.get(&path).await.1;
        let events = page["items"].as_array().unwrap().iter();
        events
            .filter_map(|event| event["data"]["n"].as_u64())
            .collect()
    };
    eventually("all frames are stored", async || {
        numbers().await.len() == 500
    })
    .await;
    assert_eq!(numbers().await, (0..500).collect::<Vec<u64>>());
}

#[tokio::test]
async fn an_interrupt_behind_a_full_pipeline_ends_the_answer_and_loses_nothing() {
    let desk = desk(4).await;
    let (mut client, _) = Client::begin(&desk.harness, DESK).await;
    client
        .send(&json!({"type": "system.llm.request", "content": "hi"}))
        .await;
    client.expect("agent.llm.response.start").await;
    desk.next_run().await;
    // They wait behind the request.
    for n in 0..100 {
        client.send(&json!({"type": "my.n", "n": n})).await;
    }
    client
        .send(&json!({"type": "system.control.interrupt"}))
        .await;
    let (mut numbers, mut others) = (Vec::new(), Vec::new());
    while numbers.len() < 100 || others.len() < 3 {
        let (_, frame) = client.receive().await;
        match frame["n"].as_u64() {
            Some(n) => numbers.push(n),
            None => others.push(frame["type"].as_str().unwrap().to_owned()),
        }
    }
    assert_eq!(numbers, (0..100).collect::<Vec<u64>>());
    assert_eq!(others[0], "agent.llm.response.end");
    others.sort();
    let expected = [
        "agent.llm.response.end",
        "system.control.interrupt",
        "system.llm.request",
    ];
    assert_eq!(others, expected);
}
