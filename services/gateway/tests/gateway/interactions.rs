//! Interactions over REST and WebSocket.

use std::time::Duration;

use contract::query::{InteractionRow, InteractionsQuery, QueryReply};
use gateway::Config;
use serde_json::{Value, json};

use crate::sockets::Socket;
use crate::support::{Harness, send};

const PATH: &str = "/v1/worlds/lobby/interactions";

fn request() -> Value {
    json!({"requester": "human", "action": "process", "targets": ["ada"]})
}

#[tokio::test]
async fn a_request_is_answered_with_how_far_its_targets_are() {
    let harness = Harness::with_lobby().await;
    // It accepts no such request before it has learned something.
    let later = json!({
        "initial": "new",
        "states": {
            "new": {"transitions": [{"action": "learn", "ready": false, "to": "ready"}]},
            "ready": {"transitions": [{"action": "process", "ready": false, "to": "new"}]},
        },
    });
    let path = "/v1/worlds/lobby/entities/helper/behaviour";
    let (status, written) = harness.put(path, later).await;
    assert_eq!(status, 200, "{written}");
    let mut body = request();
    body["targets"] = json!(["ada", "helper"]);
    let keyed = || {
        let request = harness.http.post(harness.url(PATH)).json(&body);
        send(request.header("idempotency-key", "k"))
    };
    let (status, receipt) = keyed().await;
    assert_eq!(status, 202, "{receipt}");
    assert_eq!(receipt["status"], "open");
    assert_eq!(
        receipt["targets"],
        json!([
            {"target": "ada", "status": "running", "steps_done": 0, "steps": 1},
            {"target": "helper", "status": "waiting", "steps_done": 0, "steps": 1},
        ])
    );
    assert_eq!(keyed().await, (status, receipt.clone()));

    let path = format!("{PATH}/{}", receipt["id"].as_str().unwrap());
    let (status, open) = harness.get(&path).await;
    assert_eq!((status, &open["status"]), (200, &json!("open")), "{open}");
    assert_eq!(
        (&open["requester"], &open["ended_at"]),
        (&json!("human"), &json!(null))
    );
    assert!(open["seq"].as_u64() >= receipt["seq"].as_u64());
    let (status, waiting) = harness
        .get("/v1/worlds/lobby/entities/helper/requests")
        .await;
    assert_eq!(status, 200, "{waiting}");
    assert_eq!(waiting["requests"][0]["interaction"], receipt["id"]);
    assert_eq!(waiting["requests"][0]["status"], "waiting");
}

#[tokio::test]
async fn a_waited_request_is_answered_with_its_end_and_a_repeat_with_the_same() {
    let mut harness = Harness::with_lobby().await;
    harness.start_worker().await;
    let waited = || {
        let url = harness.url(&format!("{PATH}?wait=true"));
        let request = harness.http.post(url).json(&request());
        send(request.header("idempotency-key", "k"))
    };
    let (status, ended) = waited().await;
    assert_eq!(status, 200, "{ended}");
    assert_eq!(
        (&ended["status"], &ended["action"]),
        (&json!("ended"), &json!("process"))
    );
    assert_eq!(ended["targets"][0]["status"], "completed");
    assert_eq!(ended["targets"][0]["ended_at"], ended["ended_at"]);
    for absent in ["reason", "detail", "state"] {
        assert_eq!(
            ended["targets"][0].get(absent),
            Some(&json!(null)),
            "{absent}"
        );
    }
    assert_eq!(waited().await, (200, ended));
}

#[tokio::test]
async fn a_wait_that_takes_too_long_names_the_interaction() {
    let harness = Harness::with_lobby_of(Config {
        turn_deadline: Duration::from_millis(200),
        ..Config::default()
    })
    .await;
    let url = harness.url(&format!("{PATH}?wait=true"));
    let sent = harness.http.post(url).json(&request()).send();
    let response = sent.await.unwrap();
    assert_eq!(response.status().as_u16(), 504);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{PATH}/")), "{location}");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "deadline");
    assert_eq!(harness.get(&location).await.1["status"], "open");
}

#[tokio::test]
async fn invalid_requests_are_rejected_with_their_field() {
    let harness = Harness::with_lobby().await;
    let with = |field: &str, value: Value| {
        let mut body = request();
        body[field] = value;
        body
    };
    for (body, status, field) in [
        (json!({"targets": ["ada"]}), 422, "requester"),
        (with("requester", json!("nobody")), 404, "requester"),
        (with("requester", json!("a b")), 422, "requester"),
        (with("targets", json!(["nobody"])), 404, "targets[0]"),
        (with("targets", json!([7])), 422, "targets[0]"),
        (with("steps", json!(-1)), 422, "steps"),
        (with("timeout_seconds", json!(0)), 422, "timeout_seconds"),
        (with("timeout_seconds", json!(1e-9)), 422, "timeout_seconds"),
        (with("streams", json!({"stdin": "x"})), 422, "streams.stdin"),
        (with("nmae", json!(1)), 422, "nmae"),
    ] {
        let (got, problem) = harness.post(PATH, body.clone()).await;
        assert_eq!(
            (got, &problem["field"]),
            (status, &json!(field)),
            "{body} {problem}"
        );
    }
    let volatile = with("volatile", json!(true));
    let (status, problem) = harness.post(&format!("{PATH}?wait=true"), volatile).await;
    assert_eq!((status, &problem["field"]), (422, &json!("volatile")));
    for (path, status, field) in [
        (format!("{PATH}/x"), 400, "interaction"),
        (format!("{PATH}?status=running"), 400, "status"),
        (format!("{PATH}?limit=0"), 400, "limit"),
        (
            "/v1/worlds/nowhere/interactions/018f0000-0000-7000-8000-000000000001".to_owned(),
            404,
            "world",
        ),
        (
            "/v1/worlds/lobby/entities/nobody/requests".to_owned(),
            404,
            "entity",
        ),
    ] {
        let (got, problem) = harness.get(&path).await;
        assert_eq!(
            (got, &problem["field"]),
            (status, &json!(field)),
            "{path} {problem}"
        );
    }
}

#[tokio::test]
async fn what_has_ended_is_read_from_the_archive() {
    let mut harness = Harness::with_lobby().await;
    harness.start_worker().await;
    let url = format!("{PATH}?wait=true");
    let (_, ended) = harness.post(&url, request()).await;
    let mut interaction = ended.clone();
    let seq = interaction.as_object_mut().unwrap().remove("seq").unwrap();
    let row = json!({"position": "7.1", "changed": seq, "interaction": interaction});
    let row: InteractionRow = serde_json::from_value(row).unwrap();
    let queries = harness
        .bus
        .responder()
        .subscribe_queries::<InteractionsQuery>();
    let mut queries = queries.await.unwrap();
    let archive = async {
        let mut received = Vec::new();
        for (rows, more) in [
            (vec![row.clone()], false),
            (vec![], false),
            (vec![row], true),
            (vec![], false),
        ] {
            let query = queries.next().await.unwrap();
            query.reply.send(&QueryReply::Rows { rows, more }).await;
            received.push(serde_json::to_value(query.query).unwrap());
        }
        received
    };
    let id = ended["id"].as_str().unwrap();
    let client = async {
        let found = harness.get(&format!("{PATH}/{id}")).await;
        let unknown = harness.get(&format!("{PATH}/{id}")).await;
        let query = "requester=human&target=ada&status=ended&after=3.0&limit=1&wait_for=2";
        let page = harness.get(&format!("{PATH}?{query}")).await;
        let last = harness.get(PATH).await;
        [found, unknown, page, last]
    };
    let (received, [found, unknown, page, last]) = tokio::join!(archive, client);
    assert_eq!(found, (200, ended.clone()));
    assert_eq!(received[0]["id"], id);
    assert!(received[0]["wait_for"].as_u64() >= seq.as_u64());
    assert_eq!(
        (unknown.0, &unknown.1["code"]),
        (404, &json!("unknown_interaction"))
    );
    assert_eq!(page, (200, json!({"items": [ended], "next": "7.1"})));
    let wanted = json!({
        "world": "lobby", "requester": "human", "target": "ada", "status": "ended",
        "after": "3.0", "limit": 1, "wait_for": 2,
    });
    assert_eq!(received[2], wanted);
    assert_eq!(last, (200, json!({"items": [], "next": null})));
    assert_eq!(received[3]["limit"], 100);
}

#[tokio::test]
async fn who_may_not_end_an_interaction_is_refused() {
    let harness = Harness::with_lobby().await;
    let mut both = request();
    both["targets"] = json!(["ada", "helper"]);
    let (_, receipt) = harness.post(PATH, both).await;
    let path = format!("{PATH}/{}", receipt["id"].as_str().unwrap());
    let delete = |query: &str| send(harness.http.delete(harness.url(&format!("{path}{query}"))));
    let (status, problem) = delete("?sender=ada").await;
    assert_eq!(
        (status, &problem["field"]),
        (403, &json!("sender")),
        "{problem}"
    );
    let result = format!("{path}/result");
    let (status, problem) = harness
        .post(&result, json!({"target": "ada", "ok": true}))
        .await;
    assert_eq!(status, 403, "{problem}");
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&json!("not_allowed"), &json!("target"))
    );
    let body = json!({"target": "helper", "ok": true, "samples": ["yes"]});
    let (status, done) = harness.post(&result, body).await;
    assert_eq!((status, &done["id"]), (200, &receipt["id"]), "{done}");
    assert_eq!(delete("").await.0, 200);
}

#[tokio::test]
async fn a_socket_requests_cancels_and_completes() {
    let harness = Harness::with_lobby().await;
    let mut socket = Socket::open(&harness, "live=true").await;
    let mut frame = request();
    frame["targets"] = json!(["ada", "helper"]);
    frame["type"] = json!("request_interaction");
    frame["ref"] = json!("r");
    socket.send(frame.clone()).await;
    let accepted = socket.receive_type("accepted").await;
    assert_eq!(accepted["ref"], "r");
    let id = accepted["id"].as_str().unwrap();
    assert_eq!(
        harness.get(&format!("{PATH}/{id}")).await.1["status"],
        "open"
    );
    frame["requester"] = json!("nobody");
    for (frame, field) in [
        (frame, "requester"),
        (
            json!({"type": "cancel_interaction", "interaction": id, "sender": "ada"}),
            "sender",
        ),
        (
            json!({"type": "complete_interaction", "interaction": id, "target": "ada", "ok": true}),
            "target",
        ),
    ] {
        socket.send(frame).await;
        let error = socket.receive_type("error").await;
        assert_eq!(error["problem"]["field"], field, "{error}");
    }
    for frame in [
        json!({"type": "complete_interaction", "ref": "c", "interaction": id, "target": "helper", "ok": true, "samples": ["yes"]}),
        json!({"type": "cancel_interaction", "ref": "c", "interaction": id}),
    ] {
        socket.send(frame).await;
        assert_eq!(socket.receive_type("accepted").await["ref"], "c");
    }
}
