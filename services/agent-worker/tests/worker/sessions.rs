//! Nodes of flows: what they publish, and what they report when they are interrupted.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use manyworlds_sdk::{
    Error, FunctionCall, FunctionTool, Node, NodeCtx, NodeHooks, Tools, TranscriptMessage,
};
use serde_json::{Value, json};
use testkit::eventually;

use crate::flows::desk::Desk;
use crate::support::sdk_config;
use crate::world_log::requested;

/// A flow with one node that publishes answers.
fn one_node(node: &Value) -> Value {
    let mut spec = json!({"id": "n", "output": true});
    for (name, value) in node.as_object().unwrap() {
        spec[name] = value.clone();
    }
    json!({"nodes": [spec]})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_in_a_session() {
    let script = json!({"default": "{sender} wrote {text}"});
    let mut desk = Desk::start(&script, &one_node(&json!({"agent": "bot"}))).await;
    desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.request(session, "Hello there").await;
    desk.has_shown(session, "system.llm.request", 1).await;
    let answer = "ann wrote Hello there".to_owned();
    assert_eq!(desk.texts(session).await, [(answer.clone(), false)]);
    eventually("all chunks arrived", async || {
        desk.harness.streamed() == answer
    })
    .await;
    let log = desk.harness.log().await;
    let step = requested(&log).find_map(|(_, run)| run.node.clone());
    let step = step.unwrap();
    for chunk in desk.chunks() {
        assert_eq!(chunk.session, Some(session));
        assert_eq!(chunk.node.as_ref(), Some(&step.node));
        assert_eq!(chunk.turn, Some(step.turn.message()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_are_not_live_are_not_published() {
    // What handles the answer may change it: the client gets no chunk before that has ended.
    let flow = json!({
        "nodes": [
            {"id": "bot", "agent": "bot", "output": true},
            {"id": "editor", "worker": "nobody-edits", "handles": ["agent.llm.response.chunk"]},
        ],
        "edges": [["bot", "editor"]],
    });
    let mut desk = Desk::start(&json!({"default": "Hello"}), &flow).await;
    desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.request(session, "Hello there").await;
    eventually("the answer is in the log", async || {
        desk.texts(session).await.len() == 1
    })
    .await;
    // That of the editor.
    desk.harness.has_open_runs(1).await;
    assert!(desk.chunks().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_speaks_about_an_event() {
    let rule = json!({"when": "system.user.joined", "reply": "Welcome"});
    let flow = one_node(&json!({"agent": "bot", "handles": ["system.user.joined"]}));
    let mut desk = Desk::start(&json!({"rules": [rule]}), &flow).await;
    desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.send_in(session, "system.user.joined", json!({})).await;
    desk.has_shown(session, "system.user.joined", 1).await;
    let events = desk.data_of(session, "agent.speak").await;
    assert_eq!(events, [json!({"text": "Welcome"})]);
    assert!(desk.texts(session).await.is_empty());
}

/// Publishes a piece, and then blocks its thread until it is let go.
struct Blocking {
    gate: std::sync::Mutex<mpsc::Receiver<()>>,
    is_blocked: AtomicBool,
}

impl Node for Blocking {
    async fn generate_response(
        &self,
        _messages: Vec<TranscriptMessage>,
        ctx: NodeCtx,
    ) -> Result<(), Error> {
        ctx.chunk("one").await?;
        self.is_blocked.store(true, Ordering::SeqCst);
        let _ = self.gate.lock().unwrap().recv();
        ctx.chunk("two").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_blocks_its_thread_sends_nothing_after_an_interrupt() {
    let mut desk = Desk::start(&json!({}), &one_node(&json!({"worker": "slow"}))).await;
    let (open, gate) = mpsc::channel();
    let node = Arc::new(Blocking {
        gate: std::sync::Mutex::new(gate),
        is_blocked: AtomicBool::new(false),
    });
    let shared = Arc::clone(&node);
    let hooks = NodeHooks::default().answer(move |messages, ctx| {
        let node = Arc::clone(&shared);
        async move { node.generate_response(messages, ctx).await }
    });
    desk.start_worker(
        manyworlds_sdk::Worker::builder().node("slow", hooks),
        sdk_config(4),
    )
    .await;
    let session = desk.start_session().await;
    desk.request(session, "go on").await;
    eventually("it blocks", async || node.is_blocked.load(Ordering::SeqCst)).await;
    desk.send_in(session, "system.control.interrupt", json!({}))
        .await;
    let sent = [("one".to_owned(), true)];
    eventually("the text is in the log", async || {
        desk.texts(session).await == sent
    })
    .await;
    desk.harness.all_acknowledged().await;
    open.send(()).unwrap();
    // When its code has ended, nobody holds the node any more but the hooks and this test.
    eventually("the code has ended", async || Arc::strong_count(&node) == 2).await;
    desk.harness.bus.flush().await.unwrap();
    assert_eq!(desk.harness.streamed(), "one");
    assert_eq!(desk.texts(session).await, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_does_not_finish_is_dropped_at_an_interrupt() {
    let mut desk = Desk::start(&json!({}), &one_node(&json!({"worker": "booker"}))).await;
    let (calls, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (begun, counted) = (Arc::clone(&calls), Arc::clone(&ended));
    let (open, gate) = tokio::sync::watch::channel(false);
    let tool = FunctionTool::new("book", "", move |_: Value| {
        begun.fetch_add(1, Ordering::SeqCst);
        let (mut gate, counted) = (gate.clone(), Arc::clone(&counted));
        async move {
            let opened = gate.wait_for(|open| *open).await;
            opened.map_err(|error| Error::failed("closed", error.to_string()))?;
            counted.fetch_add(1, Ordering::SeqCst);
            Ok("booked")
        }
    });
    let tools = Tools::default().with(tool);
    let node = NodeHooks::default().answer(move |_, ctx: NodeCtx| {
        let tools = tools.clone();
        async move {
            let call = FunctionCall::new("book", &json!({"seat": 1}));
            ctx.call_tool(&tools, call).await.map(drop)
        }
    });
    let builder = manyworlds_sdk::Worker::builder().node("booker", node);
    desk.start_worker(builder, sdk_config(4)).await;
    let session = desk.start_session().await;
    desk.request(session, "book").await;
    eventually("the tool is called", async || {
        calls.load(Ordering::SeqCst) == 1
    })
    .await;
    desk.send_in(session, "system.control.interrupt", json!({}))
        .await;
    desk.has_shown(session, "system.control.interrupt", 1).await;
    desk.harness.all_acknowledged().await;
    // Only the tool itself holds the gate any more.
    eventually("the call is dropped", async || open.receiver_count() == 1).await;
    let logs = desk.data_of(session, "agent.log").await;
    let names: Vec<_> = logs.iter().map(|log| log["name"].as_str()).collect();
    assert_eq!(names, [Some("tool_call_start"), Some("tool_call_error")]);
    assert_eq!(logs[1]["payload"]["error"], "cancelled");
    assert_eq!(ended.load(Ordering::SeqCst), 0);
}
