//! Sessions of flows: answers that are interrupted, and nodes that block.

mod calls;
pub(crate) mod desk;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use manyworlds_sdk::{Error, FunctionCall, FunctionTool, NodeCtx, NodeHooks, Tools};
use serde_json::{Value, json};
use testkit::eventually;

use crate::flows::desk::Desk;
use crate::support::{block, sdk_config};

const ANSWER: [&str; 4] = [
    "agent.llm.response.start",
    "agent.llm.response.chunk",
    "agent.llm.response.end",
    "system.llm.request",
];

/// A flow with one agent, which answers.
fn one_agent() -> Value {
    json!({"nodes": [{"id": "bot", "agent": "bot", "output": true}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_greets_and_goes_on() {
    let rules = json!([{"when": "system.user.joined", "reply": "Welcome"}]);
    let script = json!({"rules": rules, "default": "you wrote {text}"});
    let handles = json!(["system.user.joined", "system.llm.request"]);
    let flow = json!({"nodes": [
        {"id": "bot", "agent": "bot", "output": true, "handles": handles},
    ]});
    let mut desk = Desk::start(&script, &flow).await;
    desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.send_in(session, "system.user.joined", json!({})).await;
    desk.request(session, "hello").await;
    desk.has_shown(session, "system.llm.request", 1).await;
    let expected = ["agent.ready", "agent.speak", "system.user.joined"];
    assert_eq!(desk.shown(session).await, [&expected[..], &ANSWER].concat());
    let chunks: String = desk
        .chunks()
        .iter()
        .map(|chunk| chunk.text.as_str())
        .collect();
    assert_eq!(desk.texts(session).await, [(chunks, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_of_an_interrupted_answer_is_in_the_log_once() {
    let script = json!({"default": "word ".repeat(1000), "pause_seconds": 0.01});
    let mut desk = Desk::start(&script, &one_agent()).await;
    desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.request(session, "count").await;
    eventually("some of it was sent", async || desk.chunks().len() > 3).await;
    desk.send_in(session, "system.control.interrupt", json!({}))
        .await;
    eventually("the text is in the log", async || {
        desk.texts(session).await.len() == 1
    })
    .await;
    eventually("all that was sent has arrived", async || {
        let sent: String = desk
            .chunks()
            .iter()
            .map(|chunk| chunk.text.as_str())
            .collect();
        desk.texts(session).await == [(sent, true)]
    })
    .await;
    let shown = desk.shown(session).await;
    let expected = [
        "agent.ready",
        "agent.llm.response.start",
        "agent.llm.response.end",
        "system.llm.request",
        "system.control.interrupt",
    ];
    assert_eq!(shown, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_finishes_ends_after_the_interrupt() {
    let flow = json!({"nodes": [{"id": "n", "worker": "booker", "output": true}]});
    let mut desk = Desk::start(&json!({}), &flow).await;
    let (open, gate) = tokio::sync::watch::channel(false);
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let tool = FunctionTool::new("book", "Books a seat.", move |seat: Value| {
        counter.fetch_add(1, Ordering::SeqCst);
        let mut gate = gate.clone();
        async move {
            let opened = gate.wait_for(|open| *open).await;
            opened.map_err(|error| Error::failed("closed", error.to_string()))?;
            Ok(seat)
        }
    });
    let tools = Tools::default().with(tool.finish_on_interrupt());
    let node = NodeHooks::default().answer(move |_, ctx: NodeCtx| {
        let tools = tools.clone();
        async move {
            let call = FunctionCall::new("book", &json!({"seat": 7}));
            let result = ctx.call_tool(&tools, call).await?;
            ctx.chunk(&result.content).await
        }
    });
    desk.start_worker(
        manyworlds_sdk::Worker::builder().node("booker", node),
        sdk_config(4),
    )
    .await;
    let session = desk.start_session().await;
    desk.request(session, "book").await;
    eventually("the tool is called", async || {
        calls.load(Ordering::SeqCst) == 1
    })
    .await;
    desk.send_in(session, "system.control.interrupt", json!({}))
        .await;
    desk.has_shown(session, "system.control.interrupt", 1).await;
    open.send(true).unwrap();
    desk.has_shown(session, "agent.log", 2).await;
    let logs = desk.data_of(session, "agent.log").await;
    assert_eq!(logs[0]["name"], "tool_call_start");
    assert_eq!(logs[1]["name"], "tool_call_end");
    assert_eq!(logs[1]["payload"]["response"], json!({"seat": 7}));
    assert_eq!(desk.shown(session).await.last().unwrap(), "agent.log");
}

/// With one thread for all tasks: what blocks it would stop even this test.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sessions_go_on_while_the_node_of_others_blocks_on_every_slot() {
    const SLOTS: usize = 2;
    let flow = json!({
        "nodes": [
            {"id": "gate", "worker": "sleeper", "handles": ["sleep"]},
            {"id": "bot", "worker": "quick", "output": true},
        ],
        "edges": [["gate", "bot"]],
    });
    let mut desk = Desk::start(&json!({}), &flow).await;
    let (blocked, is_open) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (counter, gate) = (Arc::clone(&blocked), Arc::clone(&is_open));
    let sleeper = NodeHooks::default().on("sleep", move |_, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        while !gate.load(Ordering::SeqCst) {
            block();
        }
        async { Ok(()) }
    });
    let quick = NodeHooks::default().answer(async |_, ctx: NodeCtx| ctx.chunk("here").await);
    let builder = manyworlds_sdk::Worker::builder()
        .node("sleeper", sleeper)
        .node("quick", quick);
    desk.start_worker(builder, sdk_config(SLOTS)).await;
    let mut sleeping = Vec::new();
    for _ in 0..SLOTS {
        let session = desk.start_session().await;
        desk.send_in(session, "sleep", json!({})).await;
        sleeping.push(session);
    }
    eventually("every slot is blocked", async || {
        blocked.load(Ordering::SeqCst) == SLOTS
    })
    .await;
    let session = desk.start_session().await;
    for turn in 1..=5 {
        desk.request(session, "are you there?").await;
        desk.has_shown(session, "system.llm.request", turn).await;
    }
    assert_eq!(desk.shown(session).await[1..5], ANSWER);
    for session in &sleeping {
        assert_eq!(desk.shown(*session).await, ["agent.ready"]);
    }
    is_open.store(true, Ordering::SeqCst);
    for session in sleeping {
        desk.has_shown(session, "sleep", 1).await;
    }
    assert_eq!(blocked.load(Ordering::SeqCst), SLOTS);
}
