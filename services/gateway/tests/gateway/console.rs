//! The console: a page for everybody who may reach the gateway, without a key.

use gateway::{ApiKey, Config};
use reqwest::Method;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH, ORIGIN,
};

use crate::support::{Harness, send};

async fn with_keys() -> Harness {
    Harness::start_with(Config {
        api_keys: vec![ApiKey::new("secret")],
        ..Config::default()
    })
    .await
}

#[tokio::test]
async fn the_page_needs_no_key_and_what_it_shows_does() {
    let harness = with_keys().await;
    for accepted in ["text/html", "*/*", "application/json"] {
        let request = harness.http.get(harness.url("/")).header(ACCEPT, accepted);
        let page = request.send().await.unwrap();
        assert_eq!(page.status(), 200, "{accepted}");
        assert_eq!(page.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(page.headers()[CACHE_CONTROL], "no-cache");
        let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(page.text().await.unwrap().contains("<title>"));
    }
    let head = harness.http.head(harness.url("/")).send().await.unwrap();
    assert_eq!(head.status(), 200);
    let (status, problem) = harness.get("/v1/worlds").await;
    assert_eq!((status, &problem["code"]), (401, &"unauthorized".into()));
    let (status, problem) = harness.get("/assets/none.js").await;
    assert_eq!((status, &problem["code"]), (404, &"unknown_route".into()));
    let other = send(harness.http.request(Method::POST, harness.url("/"))).await;
    assert_eq!(other.0, 405);
}

#[tokio::test]
async fn a_browser_gets_the_page_compressed_and_once() {
    let harness = with_keys().await;
    let get = || {
        let request = harness.http.get(harness.url("/"));
        request.header(ACCEPT_ENCODING, "gzip, br")
    };
    let first = get().send().await.unwrap();
    let coding = first.headers()[CONTENT_ENCODING].clone();
    let tag = first.headers()[ETAG].clone();
    assert_eq!(coding, "br");
    assert!(!first.bytes().await.unwrap().is_empty());
    let again = get().header(IF_NONE_MATCH, tag.clone()).send().await;
    let again = again.unwrap();
    assert_eq!(
        (again.status().as_u16(), &again.headers()[ETAG]),
        (304, &tag)
    );
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn without_keys_the_page_is_for_this_machine_only() {
    let harness = Harness::start_with(Config::default()).await;
    let get = |path: &str| harness.http.get(harness.url(path));
    assert_eq!(send(get("/")).await.0, 200);
    for path in ["/", "/assets/none.js"] {
        let (status, problem) = send(get(path).header(HOST, "rebound.example")).await;
        assert_eq!(
            (status, &problem["code"]),
            (403, &"foreign_host".into()),
            "{path}"
        );
        let (status, problem) = send(get(path).header(ORIGIN, "https://evil.example")).await;
        assert_eq!(
            (status, &problem["code"]),
            (403, &"foreign_origin".into()),
            "{path}"
        );
    }
}
