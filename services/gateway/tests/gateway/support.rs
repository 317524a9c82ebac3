//! A gateway, a nats-server, and a scripted world service behind it.

use std::pin::Pin;
use std::time::Duration;

use bus::Bus;
use contract::Seq;
use eventsource_stream::{Event as SseEvent, Eventsource as _};
use futures::{Stream, StreamExt as _};
use gateway::Config;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use service_kit::{CancellationToken, Health};
use testkit::NatsServer;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::rules_world::RulesWorld;
use crate::scripted_world::World;

/// What a test needs; everything ends when it is dropped.
pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) base_url: String,
    pub(crate) http: Client,
    pub(crate) shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        Self::start_before(config, |bus| World::new(bus).serve()).await
    }

    /// A gateway before a world service with the rules of worlds.
    pub(crate) async fn start_with_rules(config: Config) -> Self {
        Self::start_before(config, |bus| RulesWorld::new(bus).serve()).await
    }

    /// A gateway without a world service: logs are read, and commands get no answer.
    pub(crate) async fn start_without_world(config: Config) -> Self {
        Self::start_before(config, |_| std::future::pending()).await
    }

    async fn start_before<F>(mut config: Config, serve: impl FnOnce(Bus) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // No proxy is before it.
        config.drain_delay = Duration::ZERO;
        let nats = NatsServer::start();
        let nats_config = bus::Config {
            url: nats.url(),
            ..bus::Config::default()
        };
        let bus = Bus::connect(&nats_config, "test").await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(bus.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let gateway_bus = Bus::connect(&nats_config, "gateway").await.unwrap();
        let run = gateway::run_with(
            config,
            gateway_bus,
            Health::default(),
            listener,
            shutdown.clone(),
        );
        tasks.spawn(async move { run.await.unwrap() });
        Self {
            nats,
            bus,
            base_url,
            http: Client::new(),
            shutdown,
            tasks,
        }
    }

    /// A gateway with the world `lobby`.
    pub(crate) async fn with_lobby() -> Self {
        let harness = Self::start().await;
        let created = harness.post("/v1/worlds", json!({"id": "lobby"})).await;
        assert_eq!(created.0, 201, "{}", created.1);
        harness
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
        self.tasks.join_next().await.unwrap().unwrap();
    }
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
