//! Traces: one runs from the request of a client through all services to what came of it.

mod picture;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use service_kit::spans;
use system_tests::{Cluster, Http, Shape};
use testkit::mcp::ToolServer;
use testkit::model::{ModelServer, Reply};
use testkit::{CollectedSpan, Collector, eventually};

const COMMAND: &str = "world server process mw.cmd.{partition}.{world}";

struct Traced {
    collector: Collector,
    cluster: Cluster,
    model: ModelServer,
    _tools: ToolServer,
}

impl Traced {
    /// A world whose agent has a model and a tool, and one whose processor is an echo.
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(more: &[(&str, &str)]) -> Self {
        let (collector, model) = (Collector::start().await, ModelServer::start().await);
        let tools = ToolServer::start().await;
        let (endpoint, url) = (collector.endpoint(), tools.url());
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("agent-worker:MANYWORLDS_MCP__ALLOW[0]__URL", url.as_str()),
        ];
        let variables = [&variables, more].concat();
        let cluster = Cluster::start_with(Shape::default(), &variables).await;
        let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url(),
            "system_prompt": "Be exact."});
        let config = json!({"brain": {"llm": llm}, "tools": {}});
        let world = json!({
            "id": "lab",
            "mcp_servers": {"tools": {"http": {"url": url}}},
            "entities": [
                {"id": "guest", "kind": "user"},
                {"id": "ada", "kind": "agent", "agent": config},
                {"id": "echo", "kind": "agent", "agent": {"processor": {"echo": {}}}},
            ],
            "chats": [{"id": "main", "agents": ["ada"]}],
            "flows": {"desk": {"nodes": [{"id": "ada", "agent": "ada", "output": true}]}},
        });
        let traced = Self {
            collector,
            cluster,
            model,
            _tools: tools,
        };
        traced.post("", &world).await;
        traced
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let world = if path.is_empty() { "" } else { "/lab" };
        let path = format!("/v1/worlds{world}{path}");
        Http::post(&self.cluster.gateways, &path, body).await
    }

    /// Waits until one trace, which begins at the `root`, has all of these edges; and no span in it is without its
    /// parent but the root. Each is the service, the kind and the name of a span. Returns its spans.
    async fn expect(&self, root: &str, edges: &[(&str, &str)]) -> Vec<CollectedSpan> {
        let mut seen = ShownOnPanic(String::new());
        let mut found = Vec::new();
        let name = format!("one trace has {edges:#?}");
        eventually(&name, async || {
            let mut traces = BTreeMap::<Vec<u8>, Vec<CollectedSpan>>::new();
            for span in self.collector.spans() {
                assert_eq!(span.schema_url, spans::SCHEMA_URL);
                traces.entry(span.trace_id.clone()).or_default().push(span);
            }
            let of_root = |spans: &&Vec<CollectedSpan>| spans.iter().any(|it| shown(it) == root);
            let traces: Vec<_> = traces.values().filter(of_root).collect();
            seen.0 = traces.iter().map(|spans| tree(spans, &[], 0)).collect();
            let complete = traces.iter().find(|spans| is_complete(spans, root, edges));
            found = complete.map_or(Vec::new(), |spans| (*spans).clone());
            complete.is_some()
        })
        .await;
        found
    }
}

/// The traces as they were when the test failed.
struct ShownOnPanic(String);

#[expect(
    clippy::print_stderr,
    reason = "that is where a test shows what it has found"
)]
impl Drop for ShownOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

fn shown(span: &CollectedSpan) -> String {
    format!("{} {} {}", span.service, span.kind, span.name)
}

fn tree(spans: &[CollectedSpan], parent: &[u8], depth: usize) -> String {
    let children = spans.iter().filter(|span| span.parent_id == parent);
    let line = |span: &CollectedSpan| {
        let below = tree(spans, &span.span_id, depth + 1);
        format!("{}{}\n{below}", "  ".repeat(depth), shown(span))
    };
    children.map(line).collect()
}

fn is_complete(spans: &[CollectedSpan], root: &str, edges: &[(&str, &str)]) -> bool {
    let parent_of = |span: &CollectedSpan| spans.iter().find(|it| it.span_id == span.parent_id);
    let mut found = BTreeSet::new();
    for span in spans {
        match parent_of(span) {
            Some(parent) => {
                found.insert((shown(parent), shown(span)));
            }
            None if shown(span) == root => {}
            None => return false,
        }
    }
    let has = |(parent, child): &(&str, &str)| {
        found.contains(&((*parent).to_owned(), (*child).to_owned()))
    };
    edges.iter().all(has)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_of_a_chat_with_a_tool_call_is_one_trace() {
    let traced = Traced::start().await;
    let call = Reply::calls("", &[["c1", "tools_add", r#"{"a":2,"b":3}"#]]);
    traced.model.reply(call).reply(Reply::text("It is 5."));
    let body = json!({"sender": "guest", "text": "what is 2 + 3?"});
    traced.post("/chats/main/messages", &body).await;
    let root = "gateway server POST /v1/worlds/{world}/chats/{chat}/messages";
    let (respond, tool) = (
        "agent-worker consumer process respond",
        "agent-worker consumer process tool",
    );
    let agent = "agent-worker internal invoke_agent ada";
    let edges = [
        (root, COMMAND),
        (root, "world producer send respond"),
        ("world producer send respond", respond),
        (respond, agent),
        (agent, "agent-worker client chat m"),
        (respond, COMMAND),
        (respond, "world producer send tool"),
        ("world producer send tool", tool),
        (tool, "agent-worker internal execute_tool tools_add"),
        (tool, COMMAND),
        // The answer, with the result of the tool.
        (tool, "world producer send respond"),
    ];
    let trace = traced.expect(root, &edges).await;
    // It has each span once.
    let picture = picture::svg(
        &trace,
        "One turn of a chat: a model, a tool, and the model again",
    );
    assert_eq!(picture.matches(" ms</text>").count(), trace.len());
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/trace-chat.svg");
        std::fs::write(path, picture).unwrap();
    }

    let spans = traced.collector.spans();
    let chat = spans.iter().find(|span| span.name == "chat m").unwrap();
    for (name, value) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "m"),
        ("gen_ai.request.stream", "true"),
        ("server.address", "127.0.0.1"),
    ] {
        let found = chat.attributes.get(name).map(String::as_str);
        assert_eq!(found, Some(value), "{name}");
    }
    let sent = spans.iter().find(|span| span.name == "send tool").unwrap();
    for (name, value) in [
        ("messaging.system", "nats"),
        ("messaging.operation.type", "send"),
        (
            "messaging.destination.template",
            "mw.act.{action}.{world}.{entity}",
        ),
    ] {
        let found = sent.attributes.get(name).map(String::as_str);
        assert_eq!(found, Some(value), "{name}");
    }
    // Neither what was asked nor what was answered, and no id in a name.
    for span in &spans {
        assert!(!span.name.contains("lab"), "{span:?}");
        for content in ["what is 2 + 3?", "It is 5.", "Be exact."] {
            let has_content = |value: &String| value.contains(content);
            assert!(!span.attributes.values().any(has_content), "{span:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_span_has_its_content_only_where_that_is_switched_on() {
    let switch = ("agent-worker:MANYWORLDS_LLM__TRACE_CONTENT", "true");
    let mut traced = Traced::start_with(&[switch]).await;
    let call = Reply::calls("", &[["c1", "tools_add", r#"{"a":2,"b":3}"#]]);
    traced.model.reply(call).reply(Reply::text("It is 5."));
    let body = json!({"sender": "guest", "text": "what is 2 + 3?"});
    traced.post("/chats/main/messages", &body).await;
    let content = |span: &CollectedSpan, name: &str| -> Value {
        let text = span.attributes.get(name).map_or("null", String::as_str);
        serde_json::from_str(text).unwrap()
    };
    // Those of the answer: the title of the chat is a request of its own.
    let chats = || {
        let spans = traced.collector.spans();
        let is_answer = |span: &&CollectedSpan| {
            let parent = spans.iter().find(|it| it.span_id == span.parent_id);
            span.name == "chat m" && parent.is_some_and(|it| it.name == "invoke_agent ada")
        };
        spans.iter().filter(is_answer).cloned().collect::<Vec<_>>()
    };
    eventually("both requests are in the trace", async || {
        chats().len() == 2
    })
    .await;
    let chats = chats();
    let question =
        json!({"role": "user", "parts": [{"type": "text", "content": "what is 2 + 3?"}]});
    let call = json!({"type": "tool_call", "id": "c1", "name": "tools_add", "arguments": {"a": 2, "b": 3}});
    for span in &chats {
        let system = content(span, "gen_ai.system_instructions");
        assert!(
            system[0]["content"].as_str().unwrap().contains("Be exact."),
            "{system}"
        );
        assert_eq!(content(span, "gen_ai.input.messages")[0], question);
    }
    let outputs = |reason: &str| {
        let outputs = chats
            .iter()
            .map(|span| content(span, "gen_ai.output.messages"));
        let found = outputs
            .into_iter()
            .find(|output| output[0]["finish_reason"] == reason);
        found.unwrap_or_else(|| panic!("no answer ended with {reason}: {chats:#?}"))
    };
    let parts = json!([call]);
    assert_eq!(outputs("tool_call")[0]["parts"], parts);
    let parts = json!([{"type": "text", "content": "It is 5."}]);
    assert_eq!(outputs("stop")[0]["parts"], parts);
    let inputs = chats
        .iter()
        .map(|span| content(span, "gen_ai.input.messages"));
    let with_tool = inputs
        .into_iter()
        .find(|input| input.as_array().unwrap().len() == 3)
        .unwrap();
    assert_eq!(with_tool[2]["role"], "tool");
    // Only these spans have it, and no log.
    for span in traced.collector.spans() {
        let has_content = |value: &String| value.contains("what is 2 + 3?");
        assert!(
            span.name == "chat m" || !span.attributes.values().any(has_content),
            "{span:?}"
        );
    }
    let log = traced.cluster.replica("agent-worker", 0).log_tail();
    assert!(
        !log.contains("what is 2 + 3?") && !log.contains("It is 5."),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_is_one_trace() {
    let traced = Traced::start().await;
    let body =
        json!({"requester": "guest", "targets": ["echo"], "action": "process", "samples": ["hi"]});
    traced.post("/interactions?wait=true", &body).await;
    let root = "gateway server POST /v1/worlds/{world}/interactions";
    let process = "agent-worker consumer process process";
    let edges = [
        (root, COMMAND),
        (root, "world producer send process"),
        ("world producer send process", process),
        (process, COMMAND),
    ];
    traced.expect(root, &edges).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_session_is_one_trace() {
    let traced = Traced::start().await;
    traced.model.reply(Reply::text("Hello."));
    let begun = traced.post("/flows/desk/sessions", &json!({})).await;
    let path = format!("/sessions/{}/events", begun["id"].as_str().unwrap());
    let event = json!({"type": "system.llm.request", "data": {"content": "hi"}});
    traced.post(&path, &json!({"events": [event]})).await;
    let root = "gateway server POST /v1/worlds/{world}/sessions/{session}/events";
    let node = "agent-worker consumer process respond";
    let agent = "agent-worker internal invoke_agent ada";
    let edges = [
        (root, COMMAND),
        (root, "world producer send respond"),
        ("world producer send respond", node),
        (node, agent),
        (agent, "agent-worker client chat m"),
        (node, COMMAND),
    ];
    traced.expect(root, &edges).await;
}
