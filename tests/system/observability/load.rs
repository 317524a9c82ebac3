//! A small load in which everything that is measured happens.

use std::time::Duration;

use contract::Timestamp;
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::json;
use system_tests::{Cluster, Http, Shape};
use testkit::mcp::ToolServer;
use testkit::model::{ModelServer, Reply};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const MESSAGES: &str = "/v1/worlds/lab/chats/main/messages";

/// A system, a client that watches a world of it, and what its agents use.
pub(super) struct Load {
    pub(super) cluster: Cluster,
    _model: ModelServer,
    _tools: ToolServer,
    /// Streams that stay open, one of each kind.
    _socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    _events: reqwest::Response,
}

impl Load {
    /// Starts all of it, and does once what need not be repeated.
    pub(super) async fn start() -> Self {
        let (model, tools) = (ModelServer::start().await, ToolServer::start().await);
        model.answer_with(|request| {
            let messages = request.body["messages"].as_array().unwrap();
            let last = messages.last().unwrap();
            if last["role"] == "tool" {
                Reply::text("It is five.")
            } else {
                Reply::calls("", &[["c1", "tools_add", r#"{"a":2,"b":3}"#]])
            }
        });
        let url = tools.url();
        let variables = [
            ("agent-worker:MANYWORLDS_MCP__ALLOW[0]__URL", url.as_str()),
            ("agent-worker:MANYWORLDS_LLM__CURRENCY", "USD"),
            ("agent-worker:MANYWORLDS_LLM__PRICES[0]__MODEL", "m"),
            (
                "agent-worker:MANYWORLDS_LLM__PRICES[0]__INPUT_PER_MILLION",
                "3",
            ),
            (
                "agent-worker:MANYWORLDS_LLM__PRICES[0]__OUTPUT_PER_MILLION",
                "15",
            ),
        ];
        let cluster = Cluster::start_with(Shape::default(), &variables).await;
        let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
        let world = json!({
            "id": "lab",
            "mcp_servers": {"tools": {"http": {"url": url}}},
            "entities": [
                {"id": "guest", "kind": "user"},
                {"id": "ada", "kind": "agent", "agent": {"brain": {"llm": llm}, "tools": {}}},
            ],
            "chats": [{"id": "main"}],
        });
        Http::post(&cluster.gateways, "/v1/worlds", &world).await;
        let base = cluster.gateways[0].base.clone();
        close_a_socket(&cluster, &base).await;
        let stream = format!("{base}/v1/worlds/lab/events/stream?after=0&live=true");
        let events = reqwest::get(stream).await.unwrap();
        let (socket, _) = connect_async(socket_url(&base, "lab")).await.unwrap();
        Self {
            cluster,
            _model: model,
            _tools: tools,
            _socket: socket,
            _events: events,
        }
    }

    /// A question that needs a tool, lists from the archive, a timer that fires, and a command that is rejected.
    pub(super) async fn repeat(&self) {
        let doors = &self.cluster.gateways;
        let question = json!({"sender": "guest", "text": "2 + 3?"});
        Http::post(doors, MESSAGES, &question).await;
        Http::get(doors, "/v1/worlds").await;
        let due = Timestamp::now() + Duration::from_secs(1);
        let timer = json!({"due": due, "message": {"chat": "main", "text": "tick"}});
        let path = "/v1/worlds/lab/timers/tick";
        let set = doors[0].send(Method::PUT, path, Some(&timer), None);
        assert!(set.await.unwrap().0.is_success());
        let rejected = json!({"sender": "nobody", "text": "?"});
        let sent = doors[0].send(Method::POST, MESSAGES, Some(&rejected), None);
        assert!(sent.await.unwrap().0.is_client_error());
    }
}

fn socket_url(base: &str, world: &str) -> String {
    let base = base.replace("http://", "ws://");
    format!("{base}/v1/worlds/{world}/ws?live=true")
}

/// The gateway closes the streams of a world that is deleted.
async fn close_a_socket(cluster: &Cluster, base: &str) {
    let world = json!({"id": "gone", "entities": []});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let (mut socket, _) = connect_async(socket_url(base, "gone")).await.unwrap();
    let deleted = reqwest::Client::new().delete(format!("{base}/v1/worlds/gone"));
    deleted.send().await.unwrap().error_for_status().unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}
