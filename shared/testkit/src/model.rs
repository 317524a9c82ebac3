//! A scripted OpenAI-compatible server: `POST /v1/chat/completions`, streamed or not. Responses that are
//! given byte by byte ([`Reply::raw`]) may be of any protocol, and answer on any path.
//!
//! Each request takes the next reply of the queue ([`ModelServer::reply`]); if the queue is empty, a
//! function replies ([`ModelServer::answer_with`]), which by default repeats the last message.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::routing::post;
use futures::stream::{self, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The input tokens in the usage of each reply.
pub const INPUT_TOKENS: u64 = 11;

/// The server; it ends when dropped.
pub struct ModelServer {
    address: SocketAddr,
    script: Arc<Script>,
    _server: JoinSet<()>,
}

type Answer = Arc<dyn Fn(&ModelRequest) -> Reply + Send + Sync>;

struct Script {
    queue: Mutex<VecDeque<Reply>>,
    answer: Mutex<Answer>,
    requests: Mutex<Vec<ModelRequest>>,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// Its path and its query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Value,
}

impl ModelRequest {
    /// The messages, as role and content.
    pub fn messages(&self) -> Vec<(String, String)> {
        let text = |message: &Value, key: &str| message[key].as_str().unwrap_or("").to_owned();
        let messages = self.body["messages"].as_array().cloned();
        messages
            .unwrap_or_default()
            .iter()
            .map(|message| (text(message, "role"), text(message, "content")))
            .collect()
    }

    /// The text of the last message.
    pub fn last_message(&self) -> String {
        self.messages()
            .pop()
            .map(|(_, text)| text)
            .unwrap_or_default()
    }

    /// A header, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The bearer token.
    pub fn key(&self) -> Option<&str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        value.strip_prefix("Bearer ")
    }

    /// Whether it requests a streamed response.
    pub fn is_streamed(&self) -> bool {
        self.body["stream"] == true
    }
}

/// What the server does with one request.
#[derive(Debug, Clone)]
pub struct Reply {
    kind: Kind,
    held_by: Option<Arc<Semaphore>>,
}

#[derive(Debug, Clone)]
enum Kind {
    Text(String),
    Calls {
        text: String,
        calls: Vec<[String; 3]>,
    },
    Status(u16, Option<String>),
    Rejection(u16, String),
    Raw {
        content_type: String,
        pieces: Vec<Bytes>,
        end: RawEnd,
    },
    Stall {
        chunks: usize,
    },
    Cut {
        chunks: usize,
    },
    Garbage,
}

/// How a raw response ends.
#[derive(Debug, Clone, Copy)]
enum RawEnd {
    Complete,
    Cut,
    Open,
}

impl Reply {
    /// Replies with these bytes, each piece sent by itself.
    pub fn raw<P: Into<Bytes>>(content_type: &str, pieces: impl IntoIterator<Item = P>) -> Self {
        Kind::Raw {
            content_type: content_type.to_owned(),
            pieces: pieces.into_iter().map(Into::into).collect(),
            end: RawEnd::Complete,
        }
        .into()
    }

    /// Leaves the connection of a raw response open behind the last piece.
    #[must_use]
    pub fn left_open(self) -> Self {
        self.ends(RawEnd::Open)
    }

    /// Breaks the connection of a raw response behind the last piece.
    #[must_use]
    pub fn cut_off(self) -> Self {
        self.ends(RawEnd::Cut)
    }

    fn ends(mut self, new_end: RawEnd) -> Self {
        if let Kind::Raw { end, .. } = &mut self.kind {
            *end = new_end;
        }
        self
    }

    /// Rejects the request with this status and this body.
    pub fn rejection(status: u16, body: &str) -> Self {
        Kind::Rejection(status, body.to_owned()).into()
    }

    /// Replies with this text, one word per chunk when streamed, and with its usage.
    pub fn text(text: &str) -> Self {
        Kind::Text(text.to_owned()).into()
    }

    /// Replies with this text and calls these tools: each has an id, the name of the tool, and arguments
    /// as JSON.
    pub fn calls(text: &str, calls: &[[&str; 3]]) -> Self {
        let text = text.to_owned();
        let calls = calls.iter().map(|call| call.map(str::to_owned)).collect();
        Kind::Calls { text, calls }.into()
    }

    /// Replies with an empty text.
    pub fn empty() -> Self {
        Self::text("")
    }

    /// Rejects the request with this status.
    pub fn status(status: u16) -> Self {
        Kind::Status(status, None).into()
    }

    /// Rejects the request with this status and this `Retry-After`.
    pub fn retry_after(status: u16, value: &str) -> Self {
        Kind::Status(status, Some(value.to_owned())).into()
    }

    /// Never responds.
    pub fn stall() -> Self {
        Self::stall_after(0)
    }

    /// Stops after so many chunks, and keeps the connection open.
    pub fn stall_after(chunks: usize) -> Self {
        Kind::Stall { chunks }.into()
    }

    /// Closes the connection after so many chunks.
    pub fn cut_after(chunks: usize) -> Self {
        Kind::Cut { chunks }.into()
    }

    /// Replies with status 200 and a malformed body.
    pub fn garbage() -> Self {
        Kind::Garbage.into()
    }

    /// Replies only when the gate has a permit, which it consumes.
    #[must_use]
    pub fn held_by(mut self, gate: &Arc<Semaphore>) -> Self {
        self.held_by = Some(Arc::clone(gate));
        self
    }
}

impl From<Kind> for Reply {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            held_by: None,
        }
    }
}

impl ModelServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If it can't listen.
    pub async fn start() -> Self {
        let echo: Answer =
            Arc::new(|request| Reply::text(&format!("You said: {}", request.last_message())));
        let script = Arc::new(Script {
            queue: Mutex::default(),
            answer: Mutex::new(echo),
            requests: Mutex::default(),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .fallback(complete)
            .with_state(Arc::clone(&script));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let mut server = JoinSet::new();
        server.spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("serve the model");
        });
        Self {
            address,
            script,
            _server: server,
        }
    }

    /// The `base_url` for an agent's configuration.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The address without a path.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a reply to the queue: each is used once, in this order.
    pub fn reply(&self, reply: Reply) -> &Self {
        self.script.queue.lock().unwrap().push_back(reply);
        self
    }

    /// Sets the function that replies when the queue is empty.
    pub fn answer_with(&self, answer: impl Fn(&ModelRequest) -> Reply + Send + Sync + 'static) {
        *self.script.answer.lock().unwrap() = Arc::new(answer);
    }

    /// All requests so far, oldest first.
    pub fn requests(&self) -> Vec<ModelRequest> {
        self.script.requests.lock().unwrap().clone()
    }
}

async fn complete(
    State(script): State<Arc<Script>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let request = ModelRequest {
        path: uri.to_string(),
        headers,
        body,
    };
    script.requests.lock().unwrap().push(request.clone());
    let queued = script.queue.lock().unwrap().pop_front();
    let reply = queued.unwrap_or_else(|| {
        let answer = Arc::clone(&script.answer.lock().unwrap());
        answer(&request)
    });
    if let Some(gate) = &reply.held_by {
        gate.acquire().await.expect("an open gate").forget();
    }
    match reply.kind {
        Kind::Status(status, retry_after) => reject(status, retry_after),
        Kind::Rejection(status, body) => {
            let status = StatusCode::from_u16(status).unwrap();
            Response::builder()
                .status(status)
                .body(body.into())
                .unwrap()
        }
        Kind::Raw {
            content_type,
            pieces,
            end,
        } => raw(&content_type, pieces, end),
        Kind::Garbage => respond("text/event-stream", "data: {\"choices\": [nonsense\n\n"),
        Kind::Text(text) if request.is_streamed() => streamed(&text, &[]),
        Kind::Text(text) => complete_response(&text, &[]),
        Kind::Calls { text, calls } if request.is_streamed() => streamed(&text, &calls),
        Kind::Calls { text, calls } => complete_response(&text, &calls),
        Kind::Stall { chunks } => broken(chunks, stream::pending().boxed()),
        Kind::Cut { chunks } => {
            let end = Err(std::io::Error::other("cut"));
            broken(chunks, stream::iter([end]).boxed())
        }
    }
}

fn reject(status: u16, retry_after: Option<String>) -> Response<Body> {
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    if let Some(value) = retry_after {
        response = response.header(header::RETRY_AFTER, value);
    }
    let body = json!({"error": {"message": format!("scripted {status}")}});
    response.body(body.to_string().into()).unwrap()
}

fn respond(content_type: &str, body: impl Into<Body>) -> Response<Body> {
    let response = Response::builder().header(header::CONTENT_TYPE, content_type);
    response.body(body.into()).unwrap()
}

fn usage(text: &str) -> Value {
    let output_tokens = text.split_whitespace().count() as u64;
    json!({
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": output_tokens,
        "total_tokens": INPUT_TOKENS + output_tokens,
    })
}

fn complete_response(text: &str, calls: &[[String; 3]]) -> Response<Body> {
    let mut message = json!({"role": "assistant", "content": text});
    if !calls.is_empty() {
        let call = |[id, name, arguments]: &[String; 3]| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
        message["tool_calls"] = calls.iter().map(call).collect();
    }
    let body = json!({
        "id": "scripted",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason(calls)}],
        "usage": usage(text),
    });
    respond("application/json", body.to_string())
}

fn finish_reason(calls: &[[String; 3]]) -> &'static str {
    match calls.is_empty() {
        true => "stop",
        false => "tool_calls",
    }
}

/// A call in two chunks, split within its arguments.
fn call_chunks(index: usize, [id, name, arguments]: &[String; 3]) -> [String; 2] {
    let middle = arguments.floor_char_boundary(arguments.len() / 2);
    let (begin, end) = arguments.split_at(middle);
    let delta = |call: Value| {
        let delta = json!({"tool_calls": [call]});
        event(&json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}))
    };
    [
        delta(json!({
            "index": index,
            "id": id,
            "type": "function",
            "function": {"name": name, "arguments": begin},
        })),
        delta(json!({"index": index, "function": {"arguments": end}})),
    ]
}

fn text_chunk(text: &str) -> String {
    event(&json!({
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}],
    }))
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

fn streamed(text: &str, calls: &[[String; 3]]) -> Response<Body> {
    let chunks = text.split_inclusive(' ').map(text_chunk);
    let calling = calls.iter().enumerate();
    let calling = calling.flat_map(|(index, call)| call_chunks(index, call));
    let stop =
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason(calls)}]});
    let end = json!({"choices": [], "usage": usage(text)});
    let events: Vec<_> = chunks
        .chain(calling)
        .chain([event(&stop), event(&end), "data: [DONE]\n\n".to_owned()])
        .map(Ok::<_, Infallible>)
        .collect();
    respond("text/event-stream", Body::from_stream(stream::iter(events)))
}

fn raw(content_type: &str, pieces: Vec<Bytes>, end: RawEnd) -> Response<Body> {
    let end = match end {
        RawEnd::Complete => stream::empty().boxed(),
        RawEnd::Cut => stream::iter([Err(std::io::Error::other("cut"))]).boxed(),
        RawEnd::Open => stream::pending().boxed(),
    };
    respond(
        content_type,
        flushed(stream::iter(pieces.into_iter().map(Ok)).chain(end)),
    )
}

/// Some chunks, each flushed by itself, then `end`.
fn broken(
    chunks: usize,
    end: stream::BoxStream<'static, Result<Bytes, std::io::Error>>,
) -> Response<Body> {
    let chunks = (0..chunks).map(|index| Ok(text_chunk(&format!("piece{index} ")).into()));
    respond(
        "text/event-stream",
        flushed(stream::iter(chunks).chain(end)),
    )
}

/// A body whose pieces are flushed one by one.
fn flushed(pieces: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static) -> Body {
    // A connection flushes what it has when its body is pending. Chunks that are not flushed when the
    // cut comes would be lost with it, so the body is pending once before each item.
    Body::from_stream(pieces.then(async |piece| {
        tokio::task::yield_now().await;
        piece
    }))
}
