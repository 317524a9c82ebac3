//! Clients that are busy, and clients that send more than they may.

use std::num::NonZeroU32;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use gateway::{ApiKey, Config, Limits, Rate};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, event, start};

/// Longer than ten pings take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Limits at which any other client that does not read would be closed at once.
fn strict() -> Limits {
    Limits {
        backlog_max: 16,
        ping_every: Duration::from_millis(20),
        pong_within: Duration::from_millis(20),
        write_timeout: Duration::from_millis(20),
        ..Limits::default()
    }
}

async fn start_with(limits: Limits) -> crate::support::Harness {
    start(Config {
        limits,
        ..Config::default()
    })
    .await
}

/// Sends numbered events of 50 kB and waits for each: together they are several times what all buffers hold.
async fn send_many(sender: &mut Client, numbers: std::ops::Range<u64>) {
    let mut sent = event("n", "john", None);
    sent["message"] = Value::from("x".repeat(50_000));
    for n in numbers {
        sent["n"] = json!(n);
        sender.send(&sent).await;
        assert_eq!(sender.receive().await["n"], n);
    }
}

#[tokio::test]
async fn a_client_that_is_busy_loses_nothing() {
    let harness = start_with(strict()).await;
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    // One neither sends nor reads; the other has its own frames behind those that it does not read.
    let mut object = Client::open(&harness, "/ws/lobby").await;
    let mut agent = Client::open(&harness, "/ws/lobby").await;
    send_many(&mut john, 0..300).await;
    for n in 0..100 {
        let own = event(&format!("m{n}"), "agent", Some("agent"));
        agent.send(&own).await;
    }
    send_many(&mut john, 300..400).await;
    for client in [&mut object, &mut agent] {
        let (mut numbers, mut others) = (Vec::new(), Vec::new());
        while numbers.len() < 400 || others.len() < 100 {
            let frame = client.receive().await;
            match frame["n"].as_u64() {
                Some(n) => numbers.push(n),
                None => others.push(frame["event_type"].clone()),
            }
        }
        assert!(numbers.into_iter().eq(0..400));
        assert!(
            others
                .into_iter()
                .eq((0..100).map(|n| json!(format!("m{n}"))))
        );
    }
}

#[tokio::test]
async fn a_client_that_answers_pings_late_stays() {
    let harness = start_with(strict()).await;
    let mut idle = Client::open(&harness, "/ws/lobby?entity=mic").await;
    let mut john = Client::open(&harness, "/ws/lobby?entity=john").await;
    send_many(&mut john, 0..50).await;
    // As many pings are due to the other meanwhile, and their answers.
    for _ in 0..10 {
        let ping =
            async { while !matches!(john.0.next().await.unwrap().unwrap(), Message::Ping(_)) {} };
        tokio::time::timeout(DEADLINE, ping).await.unwrap();
    }
    for n in 0..50 {
        assert_eq!(idle.receive().await["n"], n);
    }
    john.send_and_receive(&event("end", "john", None)).await;
    assert_eq!(idle.types_until("end").await, ["end"]);
}

/// So many a second, and so many at once.
fn rate(requests_per_second: u32, burst: u32) -> Limits {
    let number = |number| NonZeroU32::new(number).unwrap();
    Limits {
        rate: Rate {
            requests_per_second: number(requests_per_second),
            burst: number(burst),
        },
        ..Limits::default()
    }
}

#[tokio::test]
async fn frames_above_the_rate_wait_and_are_not_refused() {
    let harness = start_with(rate(200, 20)).await;
    let mut clients = Vec::new();
    for name in ["eve", "max"] {
        let mut client = Client::open(&harness, "/ws/lobby").await;
        for n in 0..100 {
            let frame = event(&format!("{name}{n}"), name, None).to_string();
            client.0.send(Message::text(frame)).await.unwrap();
        }
        clients.push((name, client));
    }
    for (_, client) in &mut clients {
        let (mut eve, mut max) = (Vec::new(), Vec::new());
        while eve.len() < 100 || max.len() < 100 {
            let frame = client.receive().await;
            let event_type = frame["event_type"].as_str().unwrap().to_owned();
            match event_type.starts_with("eve") {
                true => eve.push(event_type),
                false => max.push(event_type),
            }
        }
        assert!(eve.into_iter().eq((0..100).map(|n| format!("eve{n}"))));
        assert!(max.into_iter().eq((0..100).map(|n| format!("max{n}"))));
    }
    // Their frames are no requests of their address.
    let (status, _) = harness.get("/v1/worlds/lobby/entities/mic").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_key_with_a_list_acts_as_its_entities_and_receives_what_is_for_them() {
    let limited = ["ada", "bob"].map(|id| id.parse().unwrap());
    let config = Config {
        api_keys: vec![
            ApiKey::new("full"),
            ApiKey::new("limited").with_entities(limited),
        ],
        ..Config::default()
    };
    let harness = crate::support::Harness::start_with(config).await;
    let world = harness
        .http
        .post(harness.url("/v1/worlds"))
        .bearer_auth("full");
    let world = world.json(&json!({"id": "lobby"})).send().await.unwrap();
    assert_eq!(world.status(), 201);
    let mut eve = Client::open(&harness, "/ws/lobby?api_key=full").await;
    let mut ours = Client::open(&harness, "/ws/lobby?api_key=limited").await;
    eve.send_and_receive(&event("a", "eve", None)).await;
    ours.receive().await;
    for sender in ["ada", "bob", "ada"] {
        ours.send_and_receive(&event("b", sender, None)).await;
        eve.receive().await;
    }
    ours.send(&event("c", "eve", None)).await;
    assert_eq!(
        ours.receive_error("not_allowed").await["field"],
        "sender_id"
    );
    ours.send(&event("c", "ada", Some("somebody_new"))).await;
    assert_eq!(
        ours.receive_error("unknown_entity").await["field"],
        "target_id"
    );
    for target in ["eve", "bob", "nobody_else", "ada"] {
        eve.send_and_receive(&event(&format!("to_{target}"), "eve", Some(target)))
            .await;
    }
    assert_eq!(ours.types_until("to_ada").await, ["to_bob", "to_ada"]);
    let mut nosy = Client::open(&harness, "/ws/lobby?api_key=limited&entity=eve").await;
    nosy.receive_error("not_allowed").await;
    let observes = Client::open_from(&harness, "/ws/lobby?api_key=limited&observe=all", None).await;
    assert!(observes.is_err());
}
