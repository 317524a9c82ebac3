//! Pages of other origins (CORS): preflight requests are answered for those that are configured, and nothing
//! else changes.

use gateway::{ApiKey, Config};
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::support::Harness;

const APP: &str = "https://app.example";

async fn harness(origins: &[&str], keys: &[&str]) -> Harness {
    let origins = origins.iter().map(ToString::to_string);
    Harness::start_with(Config {
        cors_origins: origins.collect(),
        api_keys: keys.iter().map(|key| ApiKey::new(*key)).collect(),
        ..Config::default()
    })
    .await
}

/// Sends a request of a page of this origin, and returns its status and headers.
async fn send(
    harness: &Harness,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap) {
    let request = harness.http.request(method, harness.url(path));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.headers().clone())
}

/// The preflight request of a browser before a page of `origin` posts with an API key.
async fn preflight(harness: &Harness, origin: &str) -> (u16, HeaderMap) {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type,idempotency-key",
        ),
    ];
    send(harness, Method::OPTIONS, "/v1/worlds", &headers).await
}

fn allowed_origin(headers: &HeaderMap) -> Option<&str> {
    let allowed = headers.get("access-control-allow-origin")?;
    allowed.to_str().ok()
}

#[tokio::test]
async fn a_page_of_a_configured_origin_may_call() {
    let harness = harness(&["http://localhost:3000", APP], &["secret"]).await;
    let (status, headers) = preflight(&harness, APP).await;
    assert_eq!((status, allowed_origin(&headers)), (200, Some(APP)));
    assert_eq!(
        headers["access-control-allow-headers"],
        "authorization,content-type,idempotency-key"
    );
    let methods = headers["access-control-allow-methods"].to_str().unwrap();
    assert!(methods.contains("PATCH"), "{methods}");

    let show = "/v1/worlds/none";
    let page = [("origin", APP), ("authorization", "Bearer secret")];
    let (status, headers) = send(&harness, Method::GET, show, &page).await;
    assert_eq!((status, allowed_origin(&headers)), (404, Some(APP)));
    assert!(headers.contains_key("access-control-expose-headers"));
    // The problem of a page without a key can be read as well.
    let (status, headers) = send(&harness, Method::GET, show, &page[..1]).await;
    assert_eq!((status, allowed_origin(&headers)), (401, Some(APP)));
    let (status, headers) = send(&harness, Method::GET, "/openapi.json", &page[..1]).await;
    assert_eq!((status, allowed_origin(&headers)), (200, Some(APP)));
}

#[tokio::test]
async fn a_page_of_another_origin_may_not() {
    let harness = harness(&[APP], &["secret"]).await;
    for other in [
        "https://app.example:8443",
        "http://app.example",
        "https://evil.example",
        "null",
    ] {
        let (_, headers) = preflight(&harness, other).await;
        assert_eq!(allowed_origin(&headers), None, "{other}");
        let page = [("origin", other), ("authorization", "Bearer secret")];
        let (_, headers) = send(&harness, Method::GET, "/v1/worlds/none", &page).await;
        assert_eq!(allowed_origin(&headers), None, "{other}");
    }
}

#[tokio::test]
async fn without_origins_there_is_no_cors() {
    let harness = harness(&[], &["secret"]).await;
    let (status, headers) = preflight(&harness, APP).await;
    assert_eq!((status, allowed_origin(&headers)), (401, None));
}

#[tokio::test]
async fn every_page_may_call_where_any_origin_is_configured() {
    let harness = harness(&["*"], &["secret"]).await;
    let (status, headers) = preflight(&harness, "https://any.example").await;
    assert_eq!((status, allowed_origin(&headers)), (200, Some("*")));
}

#[tokio::test]
async fn without_keys_foreign_pages_stay_out() {
    for origins in [&["*"][..], &[APP]] {
        let harness = harness(origins, &[]).await;
        let (status, headers) = preflight(&harness, APP).await;
        assert_eq!((status, allowed_origin(&headers)), (403, None));
        let page = [("origin", APP)];
        let (status, _) = send(&harness, Method::GET, "/v1/worlds/none", &page).await;
        assert_eq!(status, 403);
        // A page whose name was made to resolve to this machine.
        let page = [("origin", "http://localhost"), ("host", "rebound.example")];
        let (status, _) = send(&harness, Method::GET, "/v1/worlds/none", &page).await;
        assert_eq!(status, 403);
    }
    let local = "http://localhost:3000";
    let harness = harness(&[local], &[]).await;
    let (status, headers) = preflight(&harness, local).await;
    assert_eq!((status, allowed_origin(&headers)), (200, Some(local)));
}
