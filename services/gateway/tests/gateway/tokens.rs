//! Tokens of clients: connections end with them, and their keys are fetched.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use gateway::{Config, JwtConfig};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use testkit::eventually;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::scopes::{in_seconds, lobby, token};
use crate::sockets::Socket;
use crate::support::{Harness, Sse};

#[tokio::test]
async fn connections_end_when_their_token_expires() {
    let harness = lobby().await;
    // With the leeway for clocks it holds for some seconds more.
    let claims = json!({"sub": "ann", "exp": in_seconds(-20), "manyworlds": {}});
    let token = token(&claims);
    let mut socket = Socket::open(&harness, &format!("api_key={token}")).await;
    let url = harness.url("/v1/worlds/lobby/events/stream");
    let mut stream = Sse::open(harness.http.get(url).bearer_auth(&token)).await;
    stream.expect("ready").await;
    let closed = socket.closed().await;
    assert_eq!(
        (u16::from(closed.code), &*closed.reason),
        (3000, "token expired")
    );
    while stream.next().await.is_some() {}
    let url = harness.url("/v1/worlds/lobby/state");
    let refused = harness.http.get(url).bearer_auth(&token).send().await;
    assert_eq!(refused.unwrap().status(), 401);
}

/// The first private key of the test vectors of RFC 8032, and its public key.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";
const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn key_set(kid: &str) -> (StatusCode, String) {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": ED25519_X, "kid": kid});
    (StatusCode::OK, json!({"keys": [key]}).to_string())
}

fn signed_with(kid: &str) -> String {
    let header = Header {
        kid: Some(kid.to_owned()),
        ..Header::new(Algorithm::EdDSA)
    };
    let claims = json!({"sub": "ann", "exp": in_seconds(3600), "manyworlds": {}});
    let key = EncodingKey::from_ed_pem(ED25519.as_bytes()).unwrap();
    encode(&header, &claims, &key).unwrap()
}

#[tokio::test]
async fn keys_are_fetched_again_when_they_rotate_or_could_not_be_read() {
    let answer = Arc::new(Mutex::new((StatusCode::OK, "no keys".to_owned())));
    let answers = Arc::clone(&answer);
    let routes = Router::new().route("/", get(async move || answers.lock().unwrap().clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut issuer = JoinSet::new();
    issuer.spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let config = Config {
        jwt: JwtConfig {
            jwks_url: Some(url),
            ..JwtConfig::default()
        },
        ..Config::default()
    };
    let harness = Harness::start_with(config).await;
    let status = async |kid: &str| {
        let request = harness.http.get(harness.url("/v1/worlds/nowhere/state"));
        let sent = request.bearer_auth(signed_with(kid)).send().await;
        sent.unwrap().status().as_u16()
    };
    assert_eq!(status("k1").await, 401, "there are no keys");
    *answer.lock().unwrap() = key_set("k1");
    eventually("a client with the key is let in", async || {
        status("k1").await == 404
    })
    .await;
    // What can't be read does not take the place of what is known.
    *answer.lock().unwrap() = (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    assert_eq!(status("k2").await, 401);
    assert_eq!(status("k1").await, 404);
    *answer.lock().unwrap() = key_set("k2");
    eventually("a client with the new key is let in", async || {
        status("k2").await == 404
    })
    .await;
    assert_eq!(status("k1").await, 401, "the old key is gone");
}
