//! Frames that are sent without waiting: their order, and that of the replies to them.

use futures::SinkExt as _;
use gateway::{Config, Limits};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, event, start};

/// Sends numbered events, some of which are refused, by the door, by the world, or after a read.
async fn send_mixed(client: &mut Client, count: usize) {
    for n in 0..count {
        let plain = format!("n{n}");
        let frame = match n % 10 {
            3 => event(&format!("world.n{n}"), "john", None).to_string(),
            5 => event(&plain, "john", Some("Nobody N")).to_string(),
            7 => "no json".to_owned(),
            8 => event(&plain, "eve", None).to_string(),
            _ => event(&plain, "john", None).to_string(),
        };
        client.0.send(Message::text(frame)).await.unwrap();
    }
    client
        .send(&event("agent_wants_updated_state", "john", None))
        .await;
}

/// What [`send_mixed`] causes: the types of its events, and those that the error frames refuse.
fn expected(count: usize) -> (Vec<String>, Vec<Value>) {
    let (mut events, mut refused) = (Vec::new(), Vec::new());
    for n in 0..count {
        match n % 10 {
            3 => refused.push(json!(format!("world.n{n}"))),
            5 | 8 => refused.push(json!(format!("n{n}"))),
            7 => refused.push(Value::Null),
            _ => events.push(format!("n{n}")),
        }
    }
    (events, refused)
}

#[tokio::test]
async fn frames_that_do_not_wait_keep_their_order_and_so_do_the_replies() {
    for commands_in_flight_max in [1, 4, 512] {
        let limits = Limits {
            commands_in_flight_max,
            ..Limits::default()
        };
        let harness = start(Config {
            limits,
            ..Config::default()
        })
        .await;
        let mut other = Client::open(&harness, "/ws/lobby").await;
        let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
        send_mixed(&mut john, 400).await;
        let (events, refused) = expected(400);
        let (mut received, mut errors) = (Vec::new(), Vec::new());
        // The reply to the query is behind all others.
        let entities = "world_sends_available_entities_event";
        loop {
            let frame = john.receive().await;
            match frame["event_type"].as_str().unwrap() {
                "error" => errors.push(frame["refused"].clone()),
                kind if kind == entities => break,
                kind => received.push(kind.to_owned()),
            }
        }
        assert_eq!(errors, refused);
        assert_eq!(received, events[..received.len()]);
        let last = events.last().unwrap();
        assert_eq!(other.types_until(last).await, events);
    }
}

#[tokio::test]
async fn what_was_sent_before_the_connection_is_closed_is_stored() {
    let harness = start(Config::default()).await;
    let mut other = Client::open(&harness, "/ws/lobby").await;
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    for n in 0..500 {
        john.send(&event(&format!("n{n}"), "john", None)).await;
    }
    john.0.close(None).await.unwrap();
    let expected = (0..500).map(|n| format!("n{n}"));
    assert!(other.types_until("n499").await.into_iter().eq(expected));
}
