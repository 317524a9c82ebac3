//! Web pages of other sites, where no API key is asked for: no route answers them.

use gateway::{ApiKey, Config};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Harness, send};

/// A page whose name was made to resolve to this machine.
const REBOUND: [(&str, &str); 1] = [("host", "rebound.example:7000")];
/// A page of another site, and what its browser sends where it sends no `Origin`.
const FOREIGN: [(&str, &str); 2] = [
    ("origin", "https://evil.example"),
    ("sec-fetch-site", "cross-site"),
];

/// Every route, the WebSockets and what is beside the doors included.
async fn routes(harness: &Harness) -> Vec<(Method, String)> {
    let (status, description) = harness.get("/openapi.json").await;
    assert_eq!(status, 200);
    let mut routes = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            // The description names parameters where a request has their values.
            let path = path.replace("{world}", "lobby").replace(['{', '}'], "");
            if !path.starts_with("/v1") {
                routes.push((method.clone(), format!("/api{path}")));
            }
            routes.push((method, path));
        }
    }
    for path in [
        "/livez",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/health",
        "/v1/none",
    ] {
        routes.push((Method::GET, path.to_owned()));
    }
    assert!(routes.len() > 100, "{}", routes.len());
    routes
}

fn with_headers(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    })
}

/// Sends a request without a body as a page does, and returns its status and its code.
async fn send_as_page(
    harness: &Harness,
    (method, path): &(Method, String),
    headers: &[(&str, &str)],
) -> (u16, String) {
    let request = harness.http.request(method.clone(), harness.url(path));
    let (status, body) = send(with_headers(request, headers)).await;
    let code = body["code"].as_str().unwrap_or_default();
    (status, code.to_ascii_lowercase())
}

#[tokio::test]
async fn no_route_answers_a_foreign_page() {
    let config = Config {
        atoms_flow: Some("lobby".parse().unwrap()),
        ..Config::default()
    };
    for config in [Config::default(), config] {
        let harness = Harness::with_lobby_of(config).await;
        for route in routes(&harness).await {
            for (headers, code) in [
                (&REBOUND[..], "foreign_host"),
                (&FOREIGN[..1], "foreign_origin"),
                (&FOREIGN[1..], "foreign_origin"),
            ] {
                let answer = send_as_page(&harness, &route, headers).await;
                assert_eq!(answer, (403, code.to_owned()), "{route:?} {headers:?}");
            }
        }
        // Among them was its deletion.
        assert_eq!(harness.get("/v1/worlds/lobby").await.0, 200);
    }
}

#[tokio::test]
async fn a_write_without_a_body_is_refused_for_a_foreign_page_alone() {
    let harness = Harness::with_lobby().await;
    let stop = (Method::POST, "/v1/worlds/lobby/chats/main/stop".to_owned());
    let pages: [(&[(&str, &str)], bool); 6] = [
        (&[], true),
        (&[("origin", "http://localhost:3000")], true),
        (&[("sec-fetch-site", "same-site")], true),
        (&[("origin", "null")], false),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "no-cors"),
            ],
            false,
        ),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
            ],
            false,
        ),
    ];
    for (headers, is_answered) in pages {
        let (status, code) = send_as_page(&harness, &stop, headers).await;
        assert_eq!(status != 403, is_answered, "{headers:?}: {status} {code}");
    }
}

#[tokio::test]
async fn the_configured_hosts_are_answered() {
    let config = Config {
        allowed_hosts: vec!["Rebound.Example".to_owned()],
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let world = json!({"id": "lobby"});
    let request = harness.http.post(harness.url("/v1/worlds")).json(&world);
    let page = [REBOUND[0], ("origin", "https://rebound.example")];
    assert_eq!(send(with_headers(request, &page)).await.0, 201);
    let show = (Method::GET, "/v1/worlds/lobby".to_owned());
    let other = [("host", "other.example")];
    assert_eq!(send_as_page(&harness, &show, &other).await.0, 403);
}

#[tokio::test]
async fn with_an_api_key_the_name_of_the_gateway_does_not_matter() {
    let harness = Harness::start_with(Config {
        api_keys: vec![ApiKey::new("secret")],
        ..Config::default()
    })
    .await;
    let create = |key: Option<&str>| {
        let request = harness.http.post(harness.url("/v1/worlds"));
        let request = with_headers(request, &[REBOUND[0], FOREIGN[0]]);
        let request = request.json(&json!({"id": "lobby"}));
        match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    };
    let (status, created): (u16, Value) = send(create(Some("secret"))).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(send(create(None)).await.0, 401);
}
