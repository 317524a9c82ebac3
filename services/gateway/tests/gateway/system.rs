//! What operators see: the processes, what waits for them, and dead letters.

use std::time::Duration;

use contract::{ActionName, Run};
use serde_json::{Value, json};
use testkit::eventually;

use crate::keys;
use crate::support::{Harness, send};

/// An action that no worker of these tests has.
const ACTION: &str = "unclaimed";

impl Harness {
    /// Requests a run that nobody takes, and returns its id.
    async fn request_unclaimed(&self) -> String {
        let body =
            json!({"action": ACTION, "agent": "ada", "arguments": {"n": 1}, "sender": "human"});
        let (status, run) = self.post("/v1/worlds/lobby/invocations", body).await;
        assert_eq!(status, 202, "{run}");
        run["id"].as_str().unwrap().to_owned()
    }

    /// Takes the next run of the action from the queue.
    async fn take_unclaimed(&self) -> bus::Delivery {
        let action: ActionName = ACTION.parse().unwrap();
        let consumer = self.bus.work_queue().run_consumer(&action).await.unwrap();
        let mut deliveries = consumer.pull().await.unwrap();
        let next = tokio::time::timeout(Duration::from_secs(20), deliveries.next(1));
        next.await.expect("a run within 20 s").unwrap()
    }

    /// A run that is a dead letter, and the id of the letter.
    async fn dead_run(&self) -> (String, u64) {
        let run = self.request_unclaimed().await;
        let delivery = self.take_unclaimed().await;
        delivery
            .reject("invocation", "it is no good")
            .await
            .unwrap();
        let (status, page) = self.get("/v1/dead-letters").await;
        assert_eq!(status, 200, "{page}");
        let letters = page["dead_letters"].as_array().unwrap();
        let letter = letters.iter().find(|letter| letter["run"] == run);
        let id = letter.unwrap()["id"].as_u64().unwrap();
        (run, id)
    }

    async fn system(&self) -> Value {
        let (status, system) = self.get("/v1/system").await;
        assert_eq!(status, 200, "{system}");
        system
    }
}

fn replicas<'a>(system: &'a Value, service: &str) -> Vec<&'a Value> {
    let replicas = system["replicas"].as_array().unwrap().iter();
    replicas.filter(|it| it["service"] == service).collect()
}

#[tokio::test]
async fn the_system_shows_its_processes_and_why_one_is_not_ready() {
    let mut harness = Harness::with_lobby().await;
    harness.start_worker().await;
    let _stream = harness.stream("").await;
    eventually("a process of each service that is ready", async || {
        let system = harness.system().await;
        ["world", "gateway", "worker"].iter().all(|service| {
            let of_service = replicas(&system, service);
            of_service.len() == 1 && of_service[0]["problems"] == json!([])
        })
    })
    .await;
    eventually("the stream is counted", async || {
        let system = harness.system().await;
        replicas(&system, "gateway")[0]["status"]["connections"] == 1
    })
    .await;
    let system = harness.system().await;
    let worker = replicas(&system, "worker")[0];
    let actions = worker["status"]["actions"].as_array().unwrap();
    assert!(actions.contains(&json!("repeat")), "{worker}");
    assert!(
        worker["since"].is_string() && worker["version"].is_string(),
        "{worker}"
    );
    assert!(system["log"]["seq"].as_u64().unwrap() >= 1, "{system}");
    assert!(system.get("trace_url").is_none(), "{system}");
    harness.stop_world().await;
    eventually("the world service is gone", async || {
        replicas(&harness.system().await, "world").is_empty()
    })
    .await;
}

#[tokio::test]
async fn the_system_shows_what_waits_for_workers() {
    let harness = Harness::with_lobby().await;
    let run = harness.request_unclaimed().await;
    let delivery = harness.take_unclaimed().await;
    let _second = harness.request_unclaimed().await;
    let of_action = |system: &Value| {
        let mut queues = system["queues"].as_array().unwrap().iter();
        let queue = queues.find(|queue| queue["name"] == ACTION);
        queue.cloned().unwrap_or_default()
    };
    eventually("one run waits, and one is in progress", async || {
        let queue = of_action(&harness.system().await);
        queue["waiting"] == 1 && queue["running"] == 1
    })
    .await;
    let taken: Run = delivery.read().unwrap();
    assert_eq!(taken.id.to_string(), run);
    delivery.ack().await.unwrap();
    let system = harness.system().await;
    let consumers = system["consumers"].as_array().unwrap().iter();
    let names: Vec<&Value> = consumers.map(|consumer| &consumer["name"]).collect();
    assert_eq!(names, ["dispatcher", "wakes"]);
}

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_reason() {
    let harness = Harness::with_lobby().await;
    let (run, id) = harness.dead_run().await;
    for unknown in ["0", "999999"] {
        let (status, problem) = harness.get(&format!("/v1/dead-letters/{unknown}")).await;
        let found = (status, &problem["code"]);
        assert_eq!(found, (404, &json!("unknown_dead_letter")), "{unknown}");
    }
    let (status, letter) = harness.get(&format!("/v1/dead-letters/{id}")).await;
    assert_eq!(status, 200, "{letter}");
    assert_eq!(letter["kind"], "invocation");
    assert_eq!(letter["reason"], "it is no good");
    assert_eq!(letter["world"], "lobby");
    let shown = [&letter["run"], &letter["action"], &letter["entity"]];
    assert_eq!(
        shown,
        [&run, ACTION, "ada"].map(|text| json!(text)).each_ref()
    );
    assert!(letter["payload"].as_str().unwrap().contains(&run));
    assert_eq!(harness.system().await["dead_letters"], 1);

    let (_, second) = harness.dead_run().await;
    let (_, page) = harness.get("/v1/dead-letters?limit=1").await;
    assert_eq!(
        (&page["dead_letters"][0]["id"], &page["next"]),
        (&json!(id), &json!(id))
    );
    assert!(page["dead_letters"][0].get("payload").is_none());
    let (_, page) = harness
        .get(&format!("/v1/dead-letters?after={id}&world=lobby"))
        .await;
    assert_eq!(page["dead_letters"].as_array().unwrap().len(), 1);
    assert_eq!(page["dead_letters"][0]["id"], second);
    assert!(page.get("next").is_none());
    let (_, other) = harness.get("/v1/dead-letters?world=other").await;
    assert_eq!(other["dead_letters"], json!([]));
    let (status, problem) = harness.get("/v1/dead-letters/999").await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("unknown_dead_letter"))
    );
}

#[tokio::test]
async fn the_open_run_of_a_dead_letter_goes_to_the_workers_again() {
    let harness = Harness::with_lobby().await;
    let (run, id) = harness.dead_run().await;
    let path = format!("/v1/dead-letters/{id}/retry");
    let (status, retried) = harness.post(&path, Value::Null).await;
    let expected = json!({"invocation": run, "retry": "dispatched"});
    assert_eq!((status, retried), (202, expected));
    // A second click is no second run.
    assert_eq!(harness.post(&path, Value::Null).await.0, 202);
    let delivery = harness.take_unclaimed().await;
    let taken: Run = delivery.read().unwrap();
    assert_eq!((taken.id.to_string(), delivery.pending), (run, 0));
    delivery.ack().await.unwrap();
}

#[tokio::test]
async fn what_is_no_run_is_not_tried_again() {
    let harness = Harness::with_lobby().await;
    let log = contract::subject::log(&"lobby".parse().unwrap());
    let letter = bus::DeadLetter::new(&log, 7, "malformed commit", b"{");
    let letters = harness.bus.dead_letters();
    letters.store("commit", None, &letter).await.unwrap();
    let (status, problem) = harness.post("/v1/dead-letters/1/retry", Value::Null).await;
    assert_eq!(
        (status, &problem["field"]),
        (422, &json!("dead_letter")),
        "{problem}"
    );
    let (status, _) = harness.post("/v1/dead-letters/2/retry", Value::Null).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_key_for_some_entities_does_not_show_the_system() {
    let harness = keys::lobby().await;
    for path in ["/v1/system", "/v1/dead-letters", "/v1/dead-letters/1"] {
        let request = harness.http.get(harness.url(path)).bearer_auth("limited");
        let (status, problem) = send(request).await;
        assert_eq!(
            (status, &problem["code"]),
            (403, &json!("not_allowed")),
            "{path}"
        );
    }
    let request = harness
        .http
        .get(harness.url("/v1/system"))
        .bearer_auth("full");
    assert_eq!(send(request).await.0, 200);
}
