//! Readers of a long log that stop reading, or read slowly, and those beside them.

use std::time::Duration;

use gateway::{Config, Limits};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use testkit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::Harness;

/// Commits of the log, and the bytes of each: far more together than the buffers of a connection.
const COMMITS: u64 = 400;
const COMMIT_BYTES: usize = 8 << 10;
/// Readers that stop: many more than there is memory for pages.
const STOPPED: usize = 60;
/// What a page of this log takes, roughly, and a little more than that.
const ONE_PAGE: usize = 256 << 10;
/// What the kernel of a client keeps for it.
const RECEIVE_BUFFER: u32 = 16 << 10;

/// A gateway whose clients share memory for one page, and a lobby with a long log.
async fn start(write_timeout: Duration) -> Harness {
    let limits = Limits {
        catch_up_bytes_max: ONE_PAGE,
        connections_max: STOPPED,
        write_timeout,
        ..Limits::default()
    };
    let harness = Harness::with_lobby_of(Config {
        limits,
        ..Config::default()
    })
    .await;
    let padding = "x".repeat(COMMIT_BYTES);
    for n in 0..COMMITS {
        let data = json!({"n": n, "padding": padding});
        harness.send("test.n", data).await;
    }
    harness
}

/// A stream from the beginning of the log, over a connection with small buffers.
async fn open(harness: &Harness) -> TcpStream {
    let address = harness.base_url.strip_prefix("http://").unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = "GET /v1/worlds/lobby/events/stream?after=0&type=test.* HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// A stream of what happens from now on; none when the gateway has as many streams as it may.
async fn open_idle(harness: &Harness) -> Option<Response> {
    let request = harness
        .http
        .get(harness.url("/v1/worlds/lobby/events/stream"));
    let response = request.send().await.unwrap();
    match response.status() {
        StatusCode::OK => Some(response),
        StatusCode::SERVICE_UNAVAILABLE => None,
        status => panic!("{status}"),
    }
}

/// The numbers of the events in what a client has received.
fn numbers(received: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(received);
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|json| {
        let event: Value = serde_json::from_str(json).ok()?;
        event["data"]["n"].as_u64()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_stop_reading_are_closed_however_many_they_are() {
    let harness = start(Duration::from_millis(500)).await;
    let mut stopped = Vec::new();
    for _ in 0..STOPPED {
        let stream = open(&harness).await;
        stream.readable().await.unwrap();
        stopped.push(stream);
    }
    // Each of those takes the place of one that was closed.
    let mut others = Vec::new();
    eventually("all of them are closed", async || {
        others.extend(open_idle(&harness).await);
        others.len() == STOPPED
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_not_slowed_down_by_those_that_stopped() {
    // Nothing ends those that stop.
    let harness = start(Duration::from_secs(3600)).await;
    let mut stopped = Vec::new();
    for _ in 1..STOPPED {
        let stream = open(&harness).await;
        stream.readable().await.unwrap();
        stopped.push(stream);
    }
    let mut reader = harness.stream("after=0&type=test.*").await;
    reader.expect("ready").await;
    for n in 0..COMMITS {
        let (_, event) = reader.expect("test.n").await;
        assert_eq!(event["data"]["n"], n);
    }
    drop(reader);
    // None of them was closed: there is room for one.
    eventually("the reader has left", async || {
        open_idle(&harness).await.is_some()
    })
    .await;
    let _other = open_idle(&harness).await;
    assert!(open_idle(&harness).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_in_turns_get_everything_once() {
    const READERS: usize = 5;
    let harness = start(Duration::from_secs(3600)).await;
    let mut streams = Vec::new();
    for _ in 0..READERS {
        streams.push(open(&harness).await);
    }
    // While one reads, the others wait, and their pages give way to those of it.
    let mut received = vec![Vec::new(); READERS];
    let mut piece = vec![0; 100_000];
    let expected = COMMITS - 1;
    let end = format!("\"n\":{expected},");
    let mut open: Vec<usize> = (0..READERS).collect();
    while !open.is_empty() {
        for &n in &open {
            let read = streams[n].read(&mut piece).await.unwrap();
            assert!(read > 0, "the stream of reader {n} has ended");
            received[n].extend_from_slice(&piece[..read]);
        }
        open.retain(|&n| {
            let tail = received[n].len().saturating_sub(3 * COMMIT_BYTES);
            let tail = String::from_utf8_lossy(&received[n][tail..]).into_owned();
            !(tail.contains(&end) && tail.ends_with("\r\n"))
        });
    }
    for received in received {
        let received = numbers(&without_chunk_sizes(&received));
        assert_eq!(received, Vec::from_iter(0..COMMITS));
    }
}

/// The body of a response in chunks, without their sizes.
fn without_chunk_sizes(response: &[u8]) -> Vec<u8> {
    let head = response
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let mut rest = &response[head + 4..];
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let begin = end + 2;
        let Some(chunk) = rest.get(begin..begin + size) else {
            break;
        };
        body.extend_from_slice(chunk);
        rest = rest.get(begin + size + 2..).unwrap_or_default();
    }
    body
}
