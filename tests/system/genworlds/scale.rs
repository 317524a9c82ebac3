//! One world served by many, and watched from many places.

use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};

use super::client::{Client, event};

/// Two of everything, and a world of no entities.
async fn start() -> Cluster {
    let cluster = Cluster::start(Shape {
        worlds: 2,
        gateways: 2,
        ..Shape::default()
    })
    .await;
    let world = json!({"id": "lobby", "name": "Lobby"});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    cluster
}

/// Says one number after another; the world's answer to each is its echo.
async fn count(speaker: &mut Client, name: &str, numbers: std::ops::Range<u64>) {
    let mut frame = event("n", name, Some("lobby"));
    for n in numbers {
        frame["n"] = json!(n);
        assert_eq!(speaker.say_and_receive(&frame).await["n"], n);
    }
}

/// The next `count` events: who sent which number, at which place of the log.
async fn receive(listener: &mut Client, count: u64) -> Vec<(String, u64, (u64, u64))> {
    let mut received = Vec::new();
    for _ in 0..count {
        let frame = listener.expect("n").await;
        let (seq, index) = frame["sequence"].as_str().unwrap().split_once('.').unwrap();
        received.push((
            frame["sender_id"].as_str().unwrap().to_owned(),
            frame["n"].as_u64().unwrap(),
            (seq.parse().unwrap(), index.parse().unwrap()),
        ));
    }
    received
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_at_different_gateways_receive_one_order() {
    const NUMBERS: u64 = 300;
    let cluster = start().await;
    let [first, second] = &cluster.gateways[..] else {
        panic!("two gateways")
    };
    let (mut here, mut there) = (
        Client::open(first, "/ws/lobby?observe=all").await,
        Client::open(second, "/ws/lobby?observe=all").await,
    );
    let (mut eve, mut max) = (
        Client::open(first, "/ws/lobby?entity=eve").await,
        Client::open(second, "/ws/lobby?entity=max").await,
    );
    let (here, there, (), ()) = futures::join!(
        receive(&mut here, 2 * NUMBERS),
        receive(&mut there, 2 * NUMBERS),
        count(&mut eve, "eve", 0..NUMBERS),
        count(&mut max, "max", 0..NUMBERS),
    );
    assert_eq!(here, there);
    assert!(here.is_sorted_by(|one, next| one.2 < next.2));
    for speaker in ["eve", "max"] {
        let sent = here.iter().filter(|(sender, ..)| sender == speaker);
        assert!(sent.map(|(_, n, _)| *n).eq(0..NUMBERS), "{speaker}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_whichever_replica_of_the_world_ends() {
    let mut cluster = start().await;
    let mut listener = Client::open(&cluster.gateways[1], "/ws/lobby?observe=all").await;
    let mut eve = Client::open(&cluster.gateways[0], "/ws/lobby").await;
    count(&mut eve, "eve", 0..10).await;
    // Each was the only one for a while: one of them took the world over.
    replica(&mut cluster, "world-0").kill();
    count(&mut eve, "eve", 10..20).await;
    replica(&mut cluster, "world-0").restart();
    cluster.ready().await;
    replica(&mut cluster, "world-1").kill();
    count(&mut eve, "eve", 20..30).await;
    let received = receive(&mut listener, 30).await;
    assert!(
        received.iter().map(|(_, n, _)| *n).eq(0..30),
        "{received:?}"
    );
    assert!(received.is_sorted_by(|one, next| one.2 < next.2));
    let state: Value = Http::get(&cluster.gateways, "/v1/worlds/lobby/state").await;
    assert_eq!(state["state"]["entities"]["eve"]["kind"], "user");
}

fn replica<'a>(cluster: &'a mut Cluster, name: &str) -> &'a mut Process {
    let mut processes = cluster.processes.iter_mut();
    processes.find(|process| process.name == name).unwrap()
}
