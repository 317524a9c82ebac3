//! Dependencies that are unavailable, and come back.

use std::time::Duration;

use bus::Bus;
use contract::query::{
    ChatsQuery, EventsQuery, MessagesQuery, Query, QueryReply, UsageQuery, WorldsQuery,
};
use gateway::Config;
use serde_json::json;
use service_kit::CancellationToken;
use testkit::{eventually, free_port};
use tokio::task::JoinSet;

use crate::support::{Harness, send};

#[tokio::test]
async fn without_nats_requests_fail_at_once_until_it_is_back() {
    // Far more than a test waits: an answer at the deadline fails it.
    let config = Config {
        command_deadline: Duration::from_secs(3600),
        ..Config::default()
    };
    let mut harness = Harness::with_lobby_of(config).await;
    harness.nats.kill();
    eventually("the gateway is not ready because of NATS", async || {
        let (status, text) = harness.get("/readyz").await;
        status == 503 && text.as_str().is_some_and(|text| text.contains("nats: "))
    })
    .await;
    let event = json!({"sender": "ada", "type": "a.b", "data": 1});
    let request = harness
        .http
        .post(harness.url("/v1/worlds/lobby/events"))
        .json(&event);
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(harness.get("/livez").await.0, 200);
    harness.nats.restart();
    eventually("everything is back", async || {
        let ready = harness.get("/readyz").await.0 == 200;
        ready
            && harness
                .post("/v1/worlds/lobby/events", event.clone())
                .await
                .0
                == 201
    })
    .await;
}

#[tokio::test]
async fn the_gateway_listens_before_nats_is_available() {
    let nats = format!("nats://127.0.0.1:{}", free_port());
    let listen = format!("127.0.0.1:{}", free_port());
    let config = Config {
        nats: bus::Config {
            url: nats,
            ..bus::Config::default()
        },
        listen: listen.parse().unwrap(),
        ..Config::default()
    };
    let shutdown = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(gateway::run(config, shutdown.clone()));
    let http = reqwest::Client::new();
    let ready = format!("http://{listen}/readyz");
    eventually(
        "it is not ready because NATS is not connected",
        async || {
            let Ok(response) = http.get(&ready).send().await else {
                return false;
            };
            response.status().as_u16() == 503
                && response.text().await.unwrap() == "nats: connecting\n"
        },
    )
    .await;
    let (status, problem) = send(http.get(format!("http://{listen}/v1/worlds/lobby"))).await;
    assert_eq!((status, &problem["code"]), (503, &json!("unavailable")));
    shutdown.cancel();
    tasks.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn history_is_unavailable_without_the_archive_and_worlds_are_not() {
    let config = Config {
        query_deadline: Duration::from_millis(300),
        ..Config::default()
    };
    let harness = Harness::with_lobby_of(config).await;
    for path in [
        "/v1/worlds",
        "/v1/worlds/lobby/events",
        "/v1/worlds/lobby/chats",
        "/v1/worlds/lobby/chats/main/messages",
        "/v1/worlds/lobby/usage",
    ] {
        let (status, problem) = harness.get(path).await;
        assert_eq!(
            (status, &problem["retry_after"]),
            (503, &json!(1)),
            "{path}"
        );
    }
    harness.send("a.b", json!(1)).await;
}

/// An archive that refuses all queries of a kind.
async fn refuse<Q: Query<Row: Sync> + 'static>(bus: &Bus, tasks: &mut JoinSet<()>) {
    let queries = bus.responder().subscribe_queries::<Q>().await;
    let mut queries = queries.unwrap();
    tasks.spawn(async move {
        while let Some(query) = queries.next().await {
            let reason = "rebuilding: complete at commit 7".to_owned();
            query.reply.send(&QueryReply::Unavailable { reason }).await;
        }
    });
}

#[tokio::test]
async fn an_archive_that_is_not_ready_is_named_with_its_state() {
    let config = Config {
        query_deadline: Duration::from_millis(500),
        ..Config::default()
    };
    let harness = Harness::with_lobby_of(config).await;
    let mut tasks = JoinSet::new();
    refuse::<WorldsQuery>(&harness.bus, &mut tasks).await;
    refuse::<EventsQuery>(&harness.bus, &mut tasks).await;
    refuse::<ChatsQuery>(&harness.bus, &mut tasks).await;
    refuse::<MessagesQuery>(&harness.bus, &mut tasks).await;
    refuse::<UsageQuery>(&harness.bus, &mut tasks).await;
    harness.bus.flush().await.unwrap();
    for path in [
        "/v1/worlds",
        "/v1/worlds/lobby/events",
        "/v1/worlds/lobby/chats",
        "/v1/worlds/lobby/chats/main/messages",
        "/v1/worlds/lobby/usage",
    ] {
        let (status, problem) = harness.get(path).await;
        assert_eq!((status, &problem["code"]), (503, &json!("unavailable")));
        let detail = "the archive is not ready: rebuilding: complete at commit 7";
        assert_eq!(problem["detail"], json!(detail), "{path}");
        assert_eq!(problem["retry_after"], json!(1), "{path}");
    }
}
