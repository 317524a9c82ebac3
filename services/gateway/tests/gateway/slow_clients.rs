//! Clients that open connections and send nothing, or too slowly, and those that guess keys.

use std::num::NonZeroU32;
use std::time::Duration;

use gateway::{ApiKey, Config, Limits, Rate};
use reqwest::StatusCode;
use serde_json::json;
use testkit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Harness, send};

/// What a client may have sent when it sends nothing more.
const UNFINISHED: [&str; 6] = [
    "",
    // Also the beginning of HTTP/2.
    "P",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "POST /v1/worlds HTTP/1.1\r\n",
    "GET /v1/worlds HTTP/1.1\r\nHost: localhost\r\nX: ",
    "GET /v1/worlds/lobby/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
];
const SOON: Duration = Duration::from_millis(200);

fn with_limits(limits: Limits) -> Config {
    Config {
        limits,
        ..Config::default()
    }
}

async fn open(harness: &Harness, sent: &str) -> TcpStream {
    let address = harness.base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// What a client receives until its connection ends. A reset is an end as well.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_request_that_is_not_finished_ends_its_connection() {
    let harness = Harness::start_with(with_limits(Limits {
        headers_within: SOON,
        ..Limits::default()
    }))
    .await;
    for sent in UNFINISHED {
        let mut stream = open(&harness, sent).await;
        read_to_end(&mut stream).await;
    }
    // One byte after the other does not help.
    let mut stream = open(&harness, UNFINISHED[4]).await;
    while stream.write_all(b"x").await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_idle_connection_ends() {
    let harness = Harness::start_with(with_limits(Limits {
        idle_within: SOON,
        ..Limits::default()
    }))
    .await;
    let request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = open(&harness, request).await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_send_nothing_take_no_place_of_those_that_do() {
    const WAITING_MAX: usize = 20;
    let harness = Harness::with_lobby_of(with_limits(Limits {
        waiting_max: WAITING_MAX,
        // Only their number ends them.
        headers_within: Duration::from_secs(3600),
        ..Limits::default()
    }))
    .await;
    // It is no idle connection while its stream is open.
    let mut stream = harness.stream("").await;
    stream.expect("ready").await;
    let mut half_open = Vec::new();
    for n in 0..10 * WAITING_MAX {
        half_open.push(open(&harness, UNFINISHED[n % UNFINISHED.len()]).await);
        if n % WAITING_MAX == 0 {
            let request = reqwest::Client::new().get(harness.url("/v1/worlds/lobby"));
            assert_eq!(send(request).await.0, 200);
        }
    }
    // The gateway may see those that are opened one right after the other in another order.
    for evicted in &mut half_open[..8 * WAITING_MAX] {
        read_to_end(evicted).await;
    }
    harness.send_numbers(0..1).await;
    assert_eq!(stream.numbers(1).await, [0]);
}

#[tokio::test]
async fn a_body_that_is_not_finished_is_answered_at_every_door() {
    let harness = Harness::start_with(with_limits(Limits {
        body_within: SOON,
        ..Limits::default()
    }))
    .await;
    for path in ["/v1/worlds", "/worlds", "/api/worlds"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: 100\r\n\r\n{{\"id\":"
        );
        let mut stream = open(&harness, &head).await;
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_client_does_not_read_makes_room_for_another() {
    let harness = Harness::with_lobby_of(with_limits(Limits {
        connections_max: 1,
        write_timeout: SOON,
        ..Limits::default()
    }))
    .await;
    let text = "x".repeat(100_000);
    for _ in 0..100 {
        harness.send("test.n", json!(text)).await;
    }
    let path = "/v1/worlds/lobby/events/stream?after=0";
    let stuck = open(
        &harness,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    )
    .await;
    stuck.readable().await.unwrap();
    eventually("there is room for another", async || {
        let request = harness.http.get(harness.url(path));
        request.send().await.unwrap().status() == StatusCode::OK
    })
    .await;
}

#[tokio::test]
async fn wrong_keys_are_limited_and_the_right_one_is_let_in() {
    let wrong_keys = Rate {
        requests_per_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN.saturating_add(4),
    };
    let config = with_limits(Limits {
        wrong_keys,
        ..Limits::default()
    });
    let harness = Harness::start_with(Config {
        api_keys: vec![ApiKey::new("right")],
        ..config
    })
    .await;
    let statuses = async |key: &str| {
        let request = harness.http.get(harness.url("/v1/worlds/none"));
        let response = request.bearer_auth(key).send().await.unwrap();
        let retry_after = response.headers().contains_key("retry-after");
        (response.status(), retry_after)
    };
    for n in 0..5 {
        let guess = format!("guess {n}");
        assert_eq!(statuses(&guess).await, (StatusCode::UNAUTHORIZED, false));
    }
    eventually("guesses are refused", async || {
        statuses("guess").await == (StatusCode::TOO_MANY_REQUESTS, true)
    })
    .await;
    assert_eq!(statuses("right").await.0, StatusCode::NOT_FOUND);
    // Metrics are for clients with a key, and probes for everybody.
    let metrics = harness.http.get(harness.url("/metrics"));
    assert_eq!(send(metrics).await.0, 401);
    let metrics = harness.http.get(harness.url("/metrics"));
    assert_eq!(send(metrics.bearer_auth("right")).await.0, 200);
    assert_eq!(send(harness.http.get(harness.url("/livez"))).await.0, 200);
    // Without any key nothing is guessed.
    let without = send(harness.http.get(harness.url("/v1/worlds/none"))).await;
    assert_eq!(without.0, 401);
}
