//! Gateways behind a proxy that follows their readiness are restarted, one after the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bus::Bus;
use gateway::Config;
use reqwest::Client;
use serde_json::{Value, json};
use service_kit::{CancellationToken, Health};
use testkit::{ReadyProxy, eventually};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::{Harness, Sse, send};

const RESTARTS: usize = 4;
/// Several rounds of the proxy's checks, also on a machine that does something else.
const DRAIN_DELAY: Duration = Duration::from_millis(750);

/// A gateway beside that of the harness, on the same NATS.
struct Gateway {
    address: SocketAddr,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Gateway {
    async fn start(harness: &Harness) -> Self {
        let nats = bus::Config {
            url: harness.nats.url(),
            ..bus::Config::default()
        };
        let config = Config {
            drain_delay: DRAIN_DELAY,
            ..Config::default()
        };
        let bus = Bus::connect(&nats, "gateway").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let run = gateway::run_with(config, bus, Health::default(), listener, shutdown.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { run.await.unwrap() });
        Self {
            address,
            shutdown,
            tasks,
        }
    }

    async fn stop(mut self) {
        self.shutdown.cancel();
        self.tasks.join_next().await.unwrap().unwrap();
    }
}

/// Sends events without a pause, over connections that are kept, until it is over, and counts those that were
/// stored.
async fn keep_sending(url: String, is_over: Arc<AtomicBool>, sent: Arc<AtomicUsize>) {
    let http = Client::new();
    while !is_over.load(Ordering::Relaxed) {
        let body = json!({"sender": "ada", "type": "test.n", "data": 1});
        let (status, answer) = send(http.post(&url).json(&body)).await;
        assert_eq!(status, 201, "{answer}");
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Reads all events, opens the stream again behind the last one when it ends, and counts them.
async fn keep_reading(url: String, read: Arc<AtomicUsize>) {
    let http = Client::new();
    let mut last = "0.0".to_owned();
    loop {
        let mut stream = Sse::open(http.get(&url).header("last-event-id", &last)).await;
        while let Some(event) = stream.next().await {
            match event.event.as_str() {
                "test.n" => {
                    read.fetch_add(1, Ordering::Relaxed);
                    last = event.id;
                }
                "error" => {
                    let close: Value = serde_json::from_str(&event.data).unwrap();
                    assert_eq!(close["code"], 3001, "{close}");
                    assert_eq!(event.retry, Some(Duration::from_secs(1)));
                }
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_gets_an_error_when_gateways_are_restarted_one_by_one() {
    let harness = Harness::with_lobby().await;
    let mut gateways = vec![
        Gateway::start(&harness).await,
        Gateway::start(&harness).await,
    ];
    let addresses = |gateways: &[Gateway]| -> Vec<SocketAddr> {
        gateways.iter().map(|gateway| gateway.address).collect()
    };
    let proxy = ReadyProxy::start(addresses(&gateways)).await;
    let url = |path: &str| format!("http://{}/v1/worlds/lobby/{path}", proxy.address());
    let is_over = Arc::new(AtomicBool::new(false));
    let [sent, read] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        clients.spawn(keep_sending(
            url("events"),
            Arc::clone(&is_over),
            Arc::clone(&sent),
        ));
    }
    let mut readers = JoinSet::new();
    readers.spawn(keep_reading(
        url("events/stream?after=0"),
        Arc::clone(&read),
    ));
    for _ in 0..RESTARTS {
        let before = sent.load(Ordering::Relaxed);
        eventually("requests are answered", async || {
            sent.load(Ordering::Relaxed) > before + 20
        })
        .await;
        let first = gateways.remove(0);
        gateways.push(Gateway::start(&harness).await);
        let mut configured = addresses(&gateways);
        configured.insert(0, first.address);
        proxy.set_servers(configured);
        first.stop().await;
    }
    is_over.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let sent = sent.load(Ordering::Relaxed);
    eventually("every event was read once", async || {
        read.load(Ordering::Relaxed) == sent
    })
    .await;
    assert!(readers.try_join_next().is_none());
}

#[tokio::test]
async fn a_turn_that_is_waited_for_has_its_time_after_the_drain() {
    let harness = Harness::with_lobby().await;
    let gateway = Gateway::start(&harness).await;
    let url = |path: &str| format!("http://{}{path}", gateway.address);
    let body = json!({"sender": "bob", "text": "hello"});
    let request = harness
        .http
        .post(url("/v1/worlds/lobby/chats/main/messages"));
    let mut waiting = JoinSet::new();
    waiting.spawn(send(request.json(&body)));
    let stream = harness
        .http
        .get(url("/v1/worlds/lobby/events/stream?after=0"));
    let mut stream = Sse::open(stream).await;
    while stream.next().await.unwrap().event != "message.posted" {}
    gateway.shutdown.cancel();
    let (status, problem) = send(harness.http.get(url("/readyz"))).await;
    assert_eq!(status, 503, "{problem}");
    // It serves until the drain is over.
    let (status, _) = send(harness.http.get(url("/v1/worlds/lobby"))).await;
    assert_eq!(status, 200);
    while stream.next().await.is_some() {}
    assert!(waiting.try_join_next().is_none());
}
