//! A client that closes its WebSocket gets a close frame back (RFC 6455, section 5.5.1), on every door and in every
//! state of a connection.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use gateway::{Config, Limits};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::atoms::{GATE, init};
use crate::flows::Desk;
use crate::support::Harness;

/// How long the answer may take.
const WITHIN: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(harness: &Harness, path: &str) -> Socket {
    let url = harness.url(path).replace("http:", "ws:");
    connect_async(url).await.unwrap().0
}

/// Closes a socket, and checks that the gateway closes it with the same code, and then the connection.
async fn assert_close_is_answered(mut socket: Socket, case: &str) {
    let code = CloseCode::Library(4321);
    let frame = CloseFrame {
        code,
        reason: "done".into(),
    };
    socket.send(Message::Close(Some(frame))).await.unwrap();
    let answer = loop {
        let next = timeout(WITHIN, socket.next()).await;
        match next.unwrap_or_else(|_| panic!("{case}: no answer in time")) {
            Some(Ok(Message::Close(answer))) => break answer,
            Some(Ok(_)) => {}
            other => panic!("{case}: {other:?}"),
        }
    };
    assert_eq!(answer.map(|frame| frame.code), Some(code), "{case}");
    let end = timeout(WITHIN, socket.next()).await.unwrap();
    assert!(
        matches!(end, None | Some(Err(Error::ConnectionClosed))),
        "{case}: {end:?}"
    );
}

#[tokio::test]
async fn the_native_door_and_that_of_genworlds_answer_a_close_frame() {
    let harness = Harness::with_lobby().await;
    for path in [
        "/v1/worlds/lobby/ws",
        "/v1/worlds/lobby/ws?after=0&live=true",
        "/ws/lobby",
        "/ws/lobby?observe=all",
        // It is refused with an error frame.
        "/ws/none",
    ] {
        let mut socket = open(&harness, path).await;
        if path != "/ws/none" {
            assert_close_is_answered(socket, path).await;
            continue;
        }
        // The gateway closes it first: the two frames may cross.
        while let Some(Ok(message)) = timeout(WITHIN, socket.next()).await.unwrap() {
            if message.is_close() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_door_of_atoms_answers_a_close_frame() {
    let desk = Desk::start(Config::default()).await;
    let harness = &desk.harness;
    let socket = open(harness, GATE).await;
    assert_close_is_answered(socket, "before the first frame").await;
    let mut socket = open(harness, GATE).await;
    let first = init().to_string().into_bytes();
    socket.send(Message::binary(first)).await.unwrap();
    socket.next().await.unwrap().unwrap();
    assert_close_is_answered(socket, "when it is ready").await;
}

#[tokio::test]
async fn a_close_frame_is_answered_while_frames_wait_for_their_outcome() {
    let limits = Limits {
        commands_in_flight_max: 1,
        ..Limits::default()
    };
    let harness = Harness::with_lobby_of(Config {
        limits,
        ..Config::default()
    })
    .await;
    let mut socket = open(&harness, "/v1/worlds/lobby/ws").await;
    for n in 0..50 {
        let frame = json!({"type": "send_events", "sender": "ada", "events": [{"type": "test.n", "data": n}]});
        socket.send(Message::text(frame.to_string())).await.unwrap();
    }
    assert_close_is_answered(socket, "behind fifty frames").await;
    // All that was sent before it is stored.
    let mut stream = harness.stream("after=0&type=test.*").await;
    stream.expect("ready").await;
    assert_eq!(stream.numbers(50).await, Vec::from_iter(0..50));
}

#[tokio::test]
async fn a_close_frame_is_answered_while_nothing_is_read() {
    let limits = Limits {
        commands_in_flight_max: 1,
        ..Limits::default()
    };
    let mut harness = Harness::with_lobby_of(Config {
        limits,
        ..Config::default()
    })
    .await;
    harness.stop_world().await;
    let mut socket = open(&harness, "/v1/worlds/lobby/ws").await;
    socket.next().await.unwrap().unwrap();
    // Nobody answers its command for longer than the test waits: nothing else is read meanwhile.
    let frame =
        json!({"type": "send_events", "sender": "ada", "events": [{"type": "test.n", "data": 1}]});
    socket.send(Message::text(frame.to_string())).await.unwrap();
    assert_close_is_answered(socket, "behind a frame without an outcome").await;
}
