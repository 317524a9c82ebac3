//! A client of Agent World's interface, and what it receives.

use std::time::Duration;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Shape};
use testkit::eventually;
use testkit::mcp::ToolServer;
use testkit::model::{ModelRequest, ModelServer};

/// How long nothing may arrive before a test has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the page of the client comes from.
const PAGE: &str = "http://localhost:8080";

/// A system with a scripted model, and a client of its first gateway.
pub(super) struct Fixture {
    pub(super) cluster: Cluster,
    pub(super) model: ModelServer,
}

impl Fixture {
    pub(super) async fn start() -> Self {
        Self {
            cluster: Cluster::start(Shape::default()).await,
            model: ModelServer::start().await,
        }
    }

    /// A system with the world `lab` and these agents, and the id of its open chat.
    pub(super) async fn with_agents(agents: &[&str]) -> (Self, String) {
        Self::start().await.lab(agents).await
    }

    /// The same, in which nobody runs what the world wants.
    pub(super) async fn without_workers(agents: &[&str]) -> (Self, String) {
        let shape = Shape {
            workers: 0,
            ..Shape::default()
        };
        let fixture = Self {
            cluster: Cluster::start(shape).await,
            model: ModelServer::start().await,
        };
        fixture.lab(agents).await
    }

    /// The same, whose agents have the tools of a server.
    pub(super) async fn with_tools(agents: &[&str]) -> (Self, ToolServer, String) {
        let tools = ToolServer::start().await;
        let url = tools.url();
        let variables = [("agent-worker:MANYWORLDS_MCP__ALLOW[0]__URL", url.as_str())];
        let fixture = Self {
            cluster: Cluster::start_with(Shape::default(), &variables).await,
            model: ModelServer::start().await,
        };
        let (fixture, chat) = fixture.lab(agents).await;
        let config = json!({"mcpServers": {"tools": {"type": "http", "url": url}}});
        let patch = json!({"mcpConfig": config});
        fixture
            .expect(Method::PATCH, "/worlds/lab", patch, 200)
            .await;
        (fixture, tools, chat)
    }

    async fn lab(self, agents: &[&str]) -> (Self, String) {
        let fixture = self;
        fixture
            .expect(Method::POST, "/worlds", json!({"name": "Lab"}), 201)
            .await;
        for agent in agents {
            fixture.agent(agent).await;
        }
        let world = fixture.get("/worlds/lab").await;
        let chat = world["currentChatId"].as_str().unwrap().to_owned();
        (fixture, chat)
    }

    pub(super) async fn agent(&self, name: &str) -> Value {
        let body = json!({
            "name": name, "provider": "openai", "model": "test", "baseUrl": self.model.base_url(),
            "systemPrompt": format!("You are {name}."), "apiKey": "never stored",
        });
        self.expect(Method::POST, "/worlds/lab/agents", body, 201)
            .await
    }

    /// Sends a request whose answer has this status.
    pub(super) async fn expect(
        &self,
        method: Method,
        path: &str,
        body: Value,
        status: u16,
    ) -> Value {
        let body = (!body.is_null()).then_some(body);
        let door = &self.cluster.gateways[0];
        let sent = door.send(method.clone(), path, body.as_ref(), None).await;
        let (got, answer) = sent.unwrap();
        assert_eq!(got.as_u16(), status, "{method} {path}: {answer}");
        answer
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.expect(Method::GET, path, Value::Null, 200).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Value {
        self.expect(Method::POST, path, body, 200).await
    }

    pub(super) async fn delete(&self, path: &str) -> Value {
        self.expect(Method::DELETE, path, Value::Null, 204).await
    }

    pub(super) async fn refused(
        &self,
        method: Method,
        path: &str,
        body: Value,
        status: u16,
        code: &str,
    ) {
        let answer = self.expect(method, path, body, status).await;
        assert_eq!(answer["code"], code, "{answer}");
    }

    /// Says something, and returns the id and the body of everything that is streamed to its end.
    pub(super) async fn request(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Vec<(String, Value)> {
        let url = format!("{}{path}", self.cluster.gateways[0].base);
        let request = reqwest::Client::new().request(method, url).json(&body);
        let request = request.header("origin", PAGE);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
        received(answer, usize::MAX).await
    }

    pub(super) async fn say(&self, chat: &str, text: &str) -> Vec<(String, Value)> {
        let body = json!({"message": text, "chatId": chat});
        self.request(Method::POST, "/worlds/lab/messages", body)
            .await
    }

    /// Opens a new chat, which the page then reads with the world.
    pub(super) async fn new_chat(&self) -> String {
        let made = self.post("/api/worlds/lab/chats", Value::Null).await;
        let chat = made["chatId"].as_str().unwrap().to_owned();
        let world = self.get("/api/worlds/lab").await;
        assert_eq!(world["currentChatId"], chat.as_str());
        let chats = world["chats"].as_array().unwrap();
        assert!(chats.iter().any(|found| found["id"] == chat.as_str()));
        chat
    }

    /// The prompts that a page gets which opens a chat.
    pub(super) async fn open(&self, chat: &str) -> Vec<Value> {
        let path = format!("/api/worlds/lab/setChat/{chat}");
        let opened = self.post(&path, Value::Null).await;
        opened["hitlPrompts"].as_array().unwrap().clone()
    }

    pub(super) async fn wait_for_prompt(&self, chat: &str) -> Value {
        let mut found = Value::Null;
        eventually("there is a prompt", async || {
            let prompt = self.open(chat).await.into_iter().next();
            found = prompt.unwrap_or_default();
            !found.is_null()
        })
        .await;
        found
    }

    /// Chooses an option of a prompt, as the page does.
    pub(super) async fn choose(&self, waiting: &Value, option: &str) -> Value {
        let prompt = &waiting["prompt"];
        let question = &prompt["questions"][0]["id"];
        let answer = json!({"questionId": question, "optionIds": [option]});
        let body = json!({
            "requestId": prompt["requestId"], "answers": [answer], "chatId": prompt["chatId"],
        });
        self.post("/api/worlds/lab/hitl/respond", body).await
    }

    /// Waits until nothing goes on in the world, as clients read it.
    pub(super) async fn wait_until_idle(&self) {
        eventually("the world is idle", async || {
            let status = self.get("/api/worlds/lab/status").await;
            let is_empty = |name: &str| status[name] == json!([]);
            status["isProcessing"] == false
                && is_empty("activeChatIds")
                && is_empty("queuedChatIds")
        })
        .await;
    }

    /// The texts of a chat.
    pub(super) async fn contents(&self, chat: &str) -> Vec<String> {
        let path = format!("/api/worlds/lab/chats/{chat}/messages");
        let rows = self.get(&path).await;
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["content"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) async fn listen(
        &self,
        path: &str,
        last: &str,
        count: usize,
    ) -> Vec<(String, Value)> {
        let door = &self.cluster.gateways[0];
        let answer = door.stream(path, Some(last)).await.unwrap();
        received(answer, count).await
    }
}

/// The next events of a stream, or all to its end.
pub(super) async fn received(answer: reqwest::Response, count: usize) -> Vec<(String, Value)> {
    let mut events = answer.bytes_stream().eventsource();
    let mut received = Vec::new();
    while received.len() < count {
        let next = tokio::time::timeout(PATIENCE, events.next()).await;
        assert!(next.is_ok(), "nothing follows {received:#?}");
        let Some(event) = next.unwrap() else {
            break;
        };
        let event = event.unwrap();
        received.push((event.id, serde_json::from_str(&event.data).unwrap()));
    }
    received
}

/// Checks these fields of an answer.
pub(super) fn has(answer: &Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(answer[name], *value, "{name} of {answer}");
    }
}

/// What was received, as `channel step who`; pieces of one answer are one.
pub(super) fn steps(received: &[(String, Value)]) -> Vec<String> {
    let step = |(_, body): &(String, Value)| {
        let data = &body["data"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let says = match body["type"].as_str().unwrap() {
            "message" => text(&data["sender"]),
            "sse" => format!("{} {}", text(&data["type"]), text(&data["agentName"])),
            "world" => text(&data["type"]),
            "system" => text(&data["content"]["eventType"]),
            other => other.to_owned(),
        };
        format!("{} {says}", text(&body["type"]))
    };
    let mut steps: Vec<String> = received.iter().map(step).collect();
    steps.dedup();
    steps
}

/// The messages that were received: sender and text.
pub(super) fn messages(received: &[(String, Value)]) -> Vec<(&str, &str)> {
    let frames = received
        .iter()
        .filter(|(_, body)| body["type"] == "message");
    let texts = frames.map(|(_, body)| {
        let data = &body["data"];
        (
            data["sender"].as_str().unwrap(),
            data["content"].as_str().unwrap(),
        )
    });
    texts.collect()
}

pub(super) fn is_for(request: &ModelRequest, agent: &str) -> bool {
    let messages = request.messages();
    messages
        .first()
        .is_some_and(|(_, text)| text.contains(&format!("You are {agent}.")))
}
