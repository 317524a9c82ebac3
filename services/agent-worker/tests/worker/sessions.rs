//! Nodes of flows: what they publish, and what they report when they are interrupted.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use sdk::{
    Error, FunctionCall, FunctionTool, Node, NodeCtx, NodeEvent, NodeHooks, Tools,
    TranscriptMessage,
};
use serde_json::{Value, json};
use testkit::eventually;

use crate::support::{Harness, block, sdk_config};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_in_a_session() {
    let mut harness = Harness::start().await;
    harness.set_agent(json!({"brain": {"script": {"default": "{sender} wrote {text}"}}}));
    let step = harness.set_node(&json!({"answers": true, "live": true}));
    harness.start_built_in().await;
    let id = harness.request("respond").await;
    let completed = harness.completed(id).await;
    assert_eq!(completed.message.as_deref(), Some("pat wrote Hello there"));
    eventually("all chunks arrived", async || {
        harness.streamed() == "pat wrote Hello there"
    })
    .await;
    for chunk in harness.chunks() {
        assert_eq!(chunk.session, Some(step.session));
        assert_eq!(chunk.node.as_ref(), Some(&step.node));
        assert_eq!(chunk.turn, Some(step.turn.message()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_are_not_live_are_not_published() {
    let mut harness = Harness::start().await;
    harness.set_node(&json!({"answers": true, "live": false}));
    harness.start_built_in().await;
    let id = harness.request("respond").await;
    assert!(harness.completed(id).await.message.is_some());
    harness.all_acknowledged().await;
    assert!(harness.chunks().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_speaks_about_an_event() {
    let mut harness = Harness::start().await;
    let rule = json!({"when": "system.user.joined", "reply": "Welcome"});
    harness.set_agent(json!({"brain": {"script": {"rules": [rule]}}}));
    harness.set_node(&json!({"answers": false}));
    harness.start_built_in().await;
    let id = harness.request("respond").await;
    let completed = harness.completed(id).await;
    assert_eq!(completed.message, None);
    let events = completed.node.unwrap().events;
    assert_eq!(events[0].event_type, "agent.speak");
    assert_eq!(events[0].data.get(), r#"{"text":"Welcome"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_answer_reports_once_what_was_sent() {
    let mut harness = Harness::start().await;
    let words = "word ".repeat(1000);
    harness.set_agent(json!({"brain": {"script": {"default": words, "pause_seconds": 0.01}}}));
    harness.set_node(&json!({"answers": true, "live": true}));
    harness.start_built_in().await;
    let id = harness.request("respond").await;
    eventually("some of it was sent", async || harness.chunks().len() > 3).await;
    harness.interrupt(id).await;
    eventually("the text is reported", async || {
        !harness.texts(id).is_empty()
    })
    .await;
    harness.all_acknowledged().await;
    eventually("all that was sent has arrived", async || {
        harness.texts(id) == [harness.streamed()]
    })
    .await;
    assert!(harness.outcomes(id).is_empty());
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
    let mut harness = Harness::start().await;
    harness.set_node(&json!({"answers": true, "live": true}));
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
    let worker = sdk::Worker::builder()
        .node("slow", hooks)
        .build(sdk_config(4));
    harness.start_sdk_worker(worker.unwrap()).await;
    let id = harness.request("slow").await;
    eventually("it blocks", async || node.is_blocked.load(Ordering::SeqCst)).await;
    harness.interrupt(id).await;
    eventually("the text is reported", async || {
        harness.texts(id) == ["one"]
    })
    .await;
    harness.all_acknowledged().await;
    open.send(()).unwrap();
    // When its code has ended, nobody holds the node any more but the hooks and this test.
    eventually("the code has ended", async || Arc::strong_count(&node) == 2).await;
    harness.bus.flush().await.unwrap();
    assert_eq!(harness.streamed(), "one");
    assert_eq!(harness.texts(id), ["one"]);
}

/// With one thread for all tasks: what blocks it would stop even this test.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nodes_that_block_on_every_slot_hold_up_nothing_else() {
    const SLOTS: usize = 3;
    let mut harness = Harness::start().await;
    harness.set_node(&json!({"answers": false}));
    let blocked = Arc::new(AtomicUsize::new(0));
    let is_open = Arc::new(AtomicBool::new(false));
    let (counter, gate) = (Arc::clone(&blocked), Arc::clone(&is_open));
    let sleeper = NodeHooks::default().on_prefix("", move |_event: NodeEvent, _ctx| {
        counter.fetch_add(1, Ordering::SeqCst);
        while !gate.load(Ordering::SeqCst) {
            block();
        }
        async { Ok(()) }
    });
    let quick = NodeHooks::default().on_prefix("", async |_, ctx: NodeCtx| ctx.speak("here").await);
    let builder = sdk::Worker::builder()
        .node("sleeper", sleeper)
        .node("quick", quick);
    harness
        .start_sdk_worker(builder.build(sdk_config(SLOTS)).unwrap())
        .await;
    let mut sleeping = Vec::new();
    for _ in 0..SLOTS {
        sleeping.push(harness.request("sleeper").await);
    }
    eventually("every slot is blocked", async || {
        blocked.load(Ordering::SeqCst) == SLOTS
    })
    .await;
    for _ in 0..20 {
        let id = harness.request("quick").await;
        assert_eq!(harness.completed(id).await.node.unwrap().events.len(), 1);
    }
    assert!(sleeping.iter().all(|id| harness.outcomes(*id).is_empty()));
    is_open.store(true, Ordering::SeqCst);
    for id in sleeping {
        harness.completed(id).await;
    }
    harness.all_acknowledged().await;
    assert_eq!(blocked.load(Ordering::SeqCst), SLOTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_finishes_reports_its_end_after_an_interrupt() {
    for (finishes, expected) in [(true, 1), (false, 0)] {
        let mut harness = Harness::start().await;
        harness.set_node(&json!({"answers": true, "live": true}));
        let (open, gate) = tokio::sync::watch::channel(false);
        let (calls, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (begun, counted) = (Arc::clone(&calls), Arc::clone(&ended));
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
        let tools = Tools::default().with(if finishes {
            tool.finish_on_interrupt()
        } else {
            tool
        });
        let node = NodeHooks::default().answer(move |_, ctx: NodeCtx| {
            let tools = tools.clone();
            async move {
                let call = FunctionCall::new("book", &json!({"seat": 1}));
                ctx.call_tool(&tools, call).await.map(drop)
            }
        });
        let worker = sdk::Worker::builder()
            .node("booker", node)
            .build(sdk_config(4));
        harness.start_sdk_worker(worker.unwrap()).await;
        let id = harness.request("booker").await;
        eventually("the tool is called", async || {
            calls.load(Ordering::SeqCst) == 1
        })
        .await;
        harness.interrupt(id).await;
        harness.all_acknowledged().await;
        if finishes {
            open.send(true).unwrap();
            eventually("its end is reported", async || harness.logs(id).len() == 2).await;
        } else {
            // Its code is dropped, which holds the gate.
            drop(open);
        }
        let logs = harness.logs(id);
        let names: Vec<_> = logs
            .iter()
            .map(|log| log["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, &["tool_call_start", "tool_call_end"][..=expected]);
        assert_eq!(ended.load(Ordering::SeqCst), expected);
        if finishes {
            assert_eq!(logs[1]["payload"]["response"], "booked");
            assert_eq!(logs[1]["payload"]["id"], logs[0]["payload"]["id"]);
        }
    }
}
