//! Dead letters are tried again through a gateway: what becomes of their runs depends on what needed them.

use bus::Delivery;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;

/// An action that no worker has.
const ACTION: &str = "unclaimed";

/// A system with the agent `ada`, whose brain is an action that no worker has.
pub(crate) struct DeadLetters {
    pub(crate) cluster: Cluster,
    bus: bus::Bus,
}

impl DeadLetters {
    pub(crate) async fn start() -> Self {
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

    /// The next run that waits for a worker.
    pub(crate) async fn take(&self) -> Delivery {
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
    /// Makes a dead letter of a run that is cancelled then, and returns the run and the path of its retry.
    pub(crate) async fn reject_run(&self) -> (Value, String) {
        let runs = "/v1/worlds/lab/invocations";
        let body =
            json!({"action": ACTION, "agent": "ada", "arguments": {"n": 7}, "sender": "guest"});
        let requested = Http::post(&self.cluster.gateways, runs, &body).await;
        let retry = self.reject_next().await;
        let path = format!("{runs}/{}", requested["id"].as_str().unwrap());
        self.expect_ok(Method::DELETE, &path).await;
        // The request is read from the archive.
        eventually("the archive has the request", async || {
            let path = "/v1/worlds/lab/events?type=action.requested&last=true";
            let page = self.get(path).await;
            let mut events = page["events"].as_array().unwrap().iter();
            events.any(|event| event["id"] == requested["id"])
        })
        .await;
        (requested["id"].clone(), retry)
    }

    /// Makes a dead letter of an answer that is stopped then, and returns the path of its retry.
    pub(crate) async fn reject_answer(&self) -> String {
        let chat = "/v1/worlds/lab/chats/main";
        let body = json!({"sender": "guest", "text": "@ada hello", "wait": false});
        let messages = format!("{chat}/messages");
        Http::post(&self.cluster.gateways, &messages, &body).await;
        let retry = self.reject_next().await;
        self.expect_ok(Method::POST, &format!("{chat}/stop")).await;
        retry
    }

    async fn expect_ok(&self, method: Method, path: &str) {
        let gateway = &self.cluster.gateways[0];
        let (status, body) = gateway.send(method, path, None, None).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_run_that_has_ended_is_requested_anew() {
    let letters = DeadLetters::start().await;
    let (dead, retry) = letters.reject_run().await;
    let (status, retried) = letters.retry(&retry).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{retried}");
    assert_eq!(retried["retry"], "requested", "{retried}");
    assert_ne!(retried["invocation"], dead);
    let again: contract::Run = letters.take().await.read().unwrap();
    assert_eq!(json!(again.id), retried["invocation"]);
    assert_eq!(again.arguments.unwrap().get(), r#"{"n":7}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_answer_that_has_ended_is_not_given_anew() {
    let letters = DeadLetters::start().await;
    let retry = letters.reject_answer().await;
    let (status, problem) = letters.retry(&retry).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["code"], "already_ended");
}
