//! Dead letters are tried again through a gateway: what becomes of their runs depends on what needed them.

use bus::Delivery;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;

/// An action that no worker has.
const ACTION: &str = "unclaimed";

struct Fixture {
    cluster: Cluster,
    bus: bus::Bus,
}

impl Fixture {
    /// A system with the agent `ada`, whose brain is an action that no worker has.
    async fn start() -> Self {
        let cluster = Cluster::start(Shape::default()).await;
        let brain = json!({"brain": {"function": {"action": ACTION}}});
        let world = json!({
            "id": "lab",
            "entities": [
                {"id": "guest", "kind": "user"},
                {"id": "ada", "kind": "agent", "agent": brain},
            ],
            "chats": [{"id": "main", "agents": ["ada"]}],
        });
        Http::post(&cluster.gateways, "/v1/worlds", &world).await;
        let bus = cluster.bus().await;
        Self { cluster, bus }
    }

    async fn take(&self) -> Delivery {
        let action = ACTION.parse().unwrap();
        let consumer = self.bus.work_queue().run_consumer(&action).await.unwrap();
        consumer.pull().await.unwrap().next(1).await.unwrap()
    }

    /// Makes a dead letter of the next run, and returns its path.
    async fn reject_next(&self) -> String {
        let delivery = self.take().await;
        delivery.reject("invocation", "no use").await.unwrap();
        let page = self.get("/v1/dead-letters").await;
        let letter = page["dead_letters"].as_array().unwrap().last().cloned();
        format!("/v1/dead-letters/{}/retry", letter.unwrap()["id"])
    }

    async fn get(&self, path: &str) -> Value {
        Http::get(&self.cluster.gateways, path).await
    }

    async fn retry(&self, path: &str) -> (StatusCode, Value) {
        let sent = self.cluster.gateways[0].send(Method::POST, path, None, None);
        sent.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_run_that_has_ended_is_requested_anew() {
    let fixture = Fixture::start().await;
    let runs = "/v1/worlds/lab/invocations";
    let body = json!({"action": ACTION, "agent": "ada", "arguments": {"n": 7}, "sender": "guest"});
    let requested = Http::post(&fixture.cluster.gateways, runs, &body).await;
    let retry = fixture.reject_next().await;
    let path = format!("{runs}/{}", requested["id"].as_str().unwrap());
    let gateway = &fixture.cluster.gateways[0];
    let cancelled = gateway.send(Method::DELETE, &path, None, None).await;
    assert_eq!(cancelled.unwrap().0, StatusCode::OK);
    let mut retried = Value::Null;
    eventually("the archive has the request", async || {
        let (status, body) = fixture.retry(&retry).await;
        retried = body;
        status == StatusCode::ACCEPTED
    })
    .await;
    assert_eq!(retried["retry"], "requested", "{retried}");
    assert_ne!(retried["invocation"], requested["id"]);
    let again: contract::Run = fixture.take().await.read().unwrap();
    assert_eq!(json!(again.id), retried["invocation"]);
    assert_eq!(again.arguments.unwrap().get(), r#"{"n":7}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_answer_that_has_ended_is_not_given_anew() {
    let fixture = Fixture::start().await;
    let chat = "/v1/worlds/lab/chats/main";
    let body = json!({"sender": "guest", "text": "@ada hello", "wait": false});
    let messages = format!("{chat}/messages");
    Http::post(&fixture.cluster.gateways, &messages, &body).await;
    let retry = fixture.reject_next().await;
    let gateway = &fixture.cluster.gateways[0];
    let stop = format!("{chat}/stop");
    let stopped = gateway.send(Method::POST, &stop, None, None).await;
    assert_eq!(stopped.unwrap().0, StatusCode::OK);
    let (status, problem) = fixture.retry(&retry).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["code"], "already_ended");
}
