//! Requests: their keys, their errors, and when they are repeated.

use std::time::Duration;

use contract::http::WorldsPageQuery;
use manyworlds_client::{Client, Error, Readiness};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{Gateway, Reply, lobby, problem};

const RETRIES: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_command_is_repeated_with_its_key_until_it_is_answered() {
    let gateway = Gateway::start().await;
    gateway.reply(problem(503, "unavailable"));
    gateway.reply(Reply::Text(502, "upstream down"));
    gateway.reply(Reply::Json(200, json!({"seq": 7})));
    let client = gateway.client().with_retries(RETRIES);
    assert_eq!(lobby(&client).delete().await.unwrap().seq, 7);
    let keys = [gateway.request(), gateway.request(), gateway.request()]
        .map(|request| request.header("idempotency-key").unwrap().to_owned());
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");

    // The next command is another one.
    gateway.reply(Reply::Json(200, json!({"seq": 8})));
    lobby(&client).delete().await.unwrap();
    let key = gateway
        .request()
        .header("idempotency-key")
        .map(str::to_owned);
    assert_ne!(key.unwrap(), keys[0]);
}

#[tokio::test]
async fn without_retries_a_request_is_sent_once() {
    let gateway = Gateway::start().await;
    gateway.reply(problem(503, "unavailable"));
    let error = lobby(&gateway.client()).delete().await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(gateway.request().header("idempotency-key"), None);
    assert_eq!(gateway.request_count(), 0);
}

#[tokio::test]
async fn a_refusal_is_a_problem_and_is_not_repeated() {
    let gateway = Gateway::start().await;
    gateway.reply(problem(422, "invalid"));
    let client = gateway.client().with_retries(RETRIES);
    match lobby(&client).delete().await.unwrap_err() {
        Error::Problem(problem) => assert_eq!(problem.code, "invalid"),
        other => panic!("{other:?}"),
    }
    gateway.request();
    assert_eq!(gateway.request_count(), 0);
}

#[tokio::test]
async fn the_api_key_and_the_name_of_the_client_are_sent() {
    let gateway = Gateway::start().await;
    gateway.reply(Reply::Json(200, json!({"worlds": []})));
    let url = format!("{}/", gateway.url);
    let client = Client::new(&url, Some("secret".to_owned())).unwrap();
    let query = WorldsPageQuery::default();
    client.worlds().list(&query).await.unwrap();
    let request = gateway.request();
    assert_eq!(request.line, "GET /v1/worlds");
    assert_eq!(request.header("authorization"), Some("Bearer secret"));
    let agent = request.header("user-agent").unwrap();
    assert!(agent.starts_with("manyworlds/"), "{agent}");
    assert!(!format!("{client:?}").contains("secret"));
}

#[tokio::test]
async fn a_gateway_that_does_not_run_is_a_connect_error_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(&url, None).unwrap().with_retries(RETRIES);
    let error = lobby(&client).show().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("reach {url}"));
}

#[tokio::test]
async fn an_address_that_is_none_is_an_invalid_request() {
    let client = Client::new("nowhere", None).unwrap().with_retries(RETRIES);
    let error = lobby(&client).show().await.unwrap_err();
    assert!(matches!(error, Error::InvalidRequest { .. }), "{error:?}");
}

#[tokio::test]
async fn a_malformed_response_is_a_decode_error() {
    let gateway = Gateway::start().await;
    gateway.reply(Reply::Text(200, "<html>"));
    let error = lobby(&gateway.client()).show().await.unwrap_err();
    assert_eq!(error.to_string(), "malformed response of the gateway");
}

#[tokio::test]
async fn a_gateway_is_ready_or_not() {
    let gateway = Gateway::start().await;
    gateway.reply(Reply::Text(503, "nats: not connected\narchive: missing\n"));
    gateway.reply(Reply::Text(200, "ok\n"));
    let client = gateway.client();
    let reason = "nats: not connected\narchive: missing".to_owned();
    let not_ready = Readiness::NotReady { reason };
    assert_eq!(client.readiness().await.unwrap(), not_ready);
    assert_eq!(client.readiness().await.unwrap(), Readiness::Ready);
    gateway.expect("GET /readyz", &json!(null));
}
