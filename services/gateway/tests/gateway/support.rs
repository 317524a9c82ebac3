//! A gateway, a nats-server, and the world service behind it.

use std::pin::Pin;
use std::time::Duration;

use bus::Bus;
use contract::Seq;
use eventsource_stream::{Event as SseEvent, Eventsource as _};
use futures::{Stream, StreamExt as _};
use gateway::Config;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use service_kit::{CancellationToken, Health};
use testkit::{NatsServer, eventually};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::lobby::{lobby, worker};

/// What a test needs; everything ends when it is dropped.
pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) base_url: String,
    pub(crate) http: Client,
    pub(crate) shutdown: CancellationToken,
    gateway: JoinSet<()>,
    /// The world service, and workers.
    others: JoinSet<()>,
}

impl Harness {
    /// A gateway before a world service.
    pub(crate) async fn start_with(mut config: Config) -> Self {
        // No proxy is before it.
        config.drain_delay = Duration::ZERO;
        let nats = NatsServer::start();
        let bus = connect(&nats, "test").await;
        // The streams are there now, and both connect to them at the same time.
        let (world, gateway_bus) = tokio::join!(start_world(&nats), connect(&nats, "gateway"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let health = Health::default();
        let run = gateway::run_with(config, gateway_bus, health, listener, shutdown.clone());
        let mut gateway = JoinSet::new();
        gateway.spawn(async move { run.await.unwrap() });
        Self {
            nats,
            bus,
            base_url,
            http: Client::new(),
            shutdown,
            gateway,
            others: world,
        }
    }

    /// A gateway with the world `lobby`.
    pub(crate) async fn with_lobby() -> Self {
        Self::with_lobby_of(Config::default()).await
    }

    pub(crate) async fn with_lobby_of(config: Config) -> Self {
        let harness = Self::start_with(config).await;
        let created = harness.post("/v1/worlds", lobby()).await;
        assert_eq!(created.0, 201, "{}", created.1);
        harness
    }

    /// Starts the worker of the agent in the lobby.
    pub(crate) async fn start_worker(&mut self) {
        let bus = connect(&self.nats, "worker").await;
        let health = Health::default();
        let running = worker().run_with(bus, health.clone(), CancellationToken::new());
        self.others.spawn(async move { running.await.unwrap() });
        eventually("the worker is ready", async || health.problems().is_empty()).await;
    }

    /// Stops the world service: logs are read, and commands get no answer.
    pub(crate) async fn stop_world(&mut self) {
        self.others.shutdown().await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        send(self.http.get(self.url(path))).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        send(self.http.put(self.url(path)).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        send(self.http.delete(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        send(self.http.post(self.url(path)).json(&body)).await
    }

    /// Sends one event of type `test.n` per number, with the number as its payload, and returns the commit
    /// of the last.
    pub(crate) async fn send_numbers(&self, numbers: std::ops::Range<u64>) -> Seq {
        let mut seq = 0;
        for number in numbers {
            seq = self.send("test.n", json!(number)).await;
        }
        seq
    }

    /// Sends the same in one commit, and returns it.
    pub(crate) async fn send_batch(&self, numbers: std::ops::Range<u64>) -> Seq {
        let events: Vec<Value> = numbers
            .map(|number| json!({"type": "test.n", "data": number}))
            .collect();
        let body = json!({"sender": "ada", "events": events});
        let (status, receipt) = self.post("/v1/worlds/lobby/events", body).await;
        assert_eq!(status, 201, "{receipt}");
        receipt["seq"].as_u64().unwrap()
    }

    pub(crate) async fn send(&self, event_type: &str, data: Value) -> Seq {
        let body = json!({"sender": "ada", "type": event_type, "data": data});
        let (status, receipt) = self.post("/v1/worlds/lobby/events", body).await;
        assert_eq!(status, 201, "{receipt}");
        receipt["seq"].as_u64().unwrap()
    }

    pub(crate) async fn stream(&self, query: &str) -> Sse {
        let path = format!("/v1/worlds/lobby/events/stream?{query}");
        Sse::open(self.http.get(self.url(&path))).await
    }

    /// Waits until the gateway has ended.
    pub(crate) async fn wait_until_ended(&mut self) {
        self.gateway.join_next().await.unwrap().unwrap();
    }
}

/// Starts the world service, and waits until it is ready.
async fn start_world(nats: &NatsServer) -> JoinSet<()> {
    let bus = connect(nats, "world").await;
    let health = Health::default();
    let shutdown = CancellationToken::new();
    let run = world::run_with(world::Config::default(), bus, health.clone(), shutdown);
    let mut running = JoinSet::new();
    running.spawn(async move { run.await.unwrap() });
    eventually("the world service is ready", async || {
        health.problems().is_empty()
    })
    .await;
    running
}

async fn connect(nats: &NatsServer, name: &str) -> Bus {
    let config = bus::Config {
        url: nats.url(),
        ..bus::Config::default()
    };
    Bus::connect(&config, name).await.unwrap()
}

/// A request with a key.
pub(crate) async fn call(
    harness: &Harness,
    key: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let request = harness.http.request(method, harness.url(path));
    send(request.bearer_auth(key).json(body)).await
}

pub(crate) async fn send(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(text.into()))
}

type SseEvents = Pin<
    Box<
        dyn Stream<Item = Result<SseEvent, eventsource_stream::EventStreamError<reqwest::Error>>>
            + Send,
    >,
>;

/// Server-sent events, as a client reads them.
pub(crate) struct Sse {
    events: SseEvents,
}

impl Sse {
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            events: Box::pin(response.bytes_stream().eventsource()),
        }
    }

    /// The next event; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<SseEvent> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.events.next());
        let next = next.await.expect("an event, or the end, within 20 s");
        next.and_then(Result::ok)
    }

    /// The next event of this type, and its payload.
    pub(crate) async fn expect(&mut self, event_type: &str) -> (SseEvent, Value) {
        let event = self.next().await.expect("one more event");
        assert_eq!(event.event, event_type, "{event:?}");
        let data = serde_json::from_str(&event.data).unwrap();
        (event, data)
    }

    /// Whether the stream has ended.
    pub(crate) async fn has_ended(&mut self) -> bool {
        self.next().await.is_none()
    }

    /// The payloads of the next `count` events.
    pub(crate) async fn numbers(&mut self, count: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let (_, event) = self.expect("test.n").await;
            numbers.push(event["data"].as_u64().unwrap());
        }
        numbers
    }
}
