//! A gateway that responds as a test says, and records what it receives.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use futures::stream;
use manyworlds_client::{Client, World};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A scripted gateway. It ends when it is dropped.
pub(crate) struct Gateway {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    requests: VecDeque<Received>,
}

/// The response to one request.
pub(crate) enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    /// Server-sent events, and how the stream ends.
    Events(String, End),
}

/// How an event stream ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// In an orderly way.
    Closed,
    /// The connection breaks.
    Cut,
    /// It stays open.
    Open,
}

/// A request as the gateway received it.
pub(crate) struct Received {
    /// Its method and address.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    /// Its JSON; null without a body.
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new()
            .fallback(respond)
            .with_state(Arc::clone(&script));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            script,
            _server: server,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url, None).unwrap()
    }

    /// Appends a response: each request takes the next one.
    pub(crate) fn reply(&self, reply: Reply) {
        self.script.lock().unwrap().replies.push_back(reply);
    }

    /// The first request that was not looked at yet.
    pub(crate) fn request(&self) -> Received {
        let request = self.script.lock().unwrap().requests.pop_front();
        request.unwrap()
    }

    /// How many requests were not looked at yet.
    pub(crate) fn request_count(&self) -> usize {
        self.script.lock().unwrap().requests.len()
    }

    /// Checks what was sent to which route.
    pub(crate) fn expect(&self, line: &str, body: &Value) {
        let request = self.request();
        assert_eq!(request.line, line);
        assert_eq!(request.body, *body, "{line}");
    }
}

async fn respond(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let headers = request.headers().clone();
    let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await;
    let body = serde_json::from_slice(&bytes.unwrap()).unwrap_or_default();
    let mut script = script.lock().unwrap();
    script.requests.push_back(Received {
        line,
        headers,
        body,
    });
    let reply = script.replies.pop_front();
    match reply.unwrap_or(Reply::Text(500, "the script has no further reply")) {
        Reply::Json(status, body) => (status_code(status), body.to_string()).into_response(),
        Reply::Text(status, text) => (status_code(status), text).into_response(),
        Reply::Events(text, end) => events(text, end),
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

fn events(text: String, end: End) -> Response {
    let text = stream::iter([Ok(text)]);
    let body = match end {
        End::Closed => Body::from_stream(text),
        End::Cut => {
            // In a later poll: what is before it has left by then.
            let cut = stream::once(async {
                tokio::task::yield_now().await;
                Err(io::Error::other("cut"))
            });
            Body::from_stream(text.chain(cut))
        }
        End::Open => Body::from_stream(text.chain(stream::pending::<io::Result<String>>())),
    };
    ([("content-type", "text/event-stream")], body).into_response()
}

/// The world `lobby`.
pub(crate) fn lobby(client: &Client) -> World<'_> {
    client.world(&"lobby".parse().unwrap())
}

/// A problem of this status.
pub(crate) fn problem(status: u16, code: &str) -> Reply {
    let problem = json!({
        "type": format!("urn:manyworlds:problem:{code}"), "title": "Title", "status": status,
        "detail": "why", "code": code,
    });
    Reply::Json(status, problem)
}

/// The first event of a stream.
pub(crate) fn ready(position: &str, complete: bool) -> String {
    let start = json!({"position": position, "complete": complete});
    format!("event: ready\ndata: {start}\n\n")
}

/// An event of a world, as the gateway writes it.
pub(crate) fn event(position: &str, event_type: &str) -> String {
    let event = json!({
        "specversion": "1.0", "id": "018f0000-0000-7000-8000-000000000001", "type": event_type,
        "source": "/worlds/lobby/entities/ada", "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json", "world": "lobby", "sender": "ada",
        "sequence": position, "data": {"text": "hello"},
    });
    format!("id: {position}\nevent: {event_type}\ndata: {event}\n\n")
}

/// A part of an answer.
pub(crate) fn chunk(text: &str) -> String {
    let chunk = json!({
        "invocation": "018f0000-0000-7000-8000-000000000002", "attempt": 1, "index": 0,
        "agent": "ada", "text": text,
    });
    format!("event: chunk\ndata: {chunk}\n\n")
}

/// The last event of a stream that the gateway closes.
pub(crate) fn close(code: u16, reason: &str) -> String {
    let closed = json!({"code": code, "reason": reason});
    format!("event: error\ndata: {closed}\n\n")
}
