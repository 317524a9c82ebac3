//! Calls of tools by agents that are nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contract::run::RunResult;
use manyworlds_sdk::{
    Action, ActionCtx, FunctionCall, FunctionTool, NodeCtx, NodeHooks, RunFuture, Tools,
};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use testkit::eventually;

use super::desk::Desk;
use crate::support::sdk_config;

/// A calculator, which the workers bring to life, and an agent with a script that uses it.
fn entities(tools: Value, calls: &Value) -> Vec<Value> {
    let ability = |name: &str| {
        let trigger = format!("calculator_{name}");
        let worker = format!("calculator-{name}");
        let arguments = json!({"type": "object", "required": ["a", "b"],
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}}});
        json!({"name": name, "trigger": trigger, "arguments": arguments, "run": {"worker": worker}})
    };
    let calculator = json!({
        "id": "calculator", "kind": "object", "abilities": [ability("add"), ability("divide")],
    });
    let rule = json!({"when": "how much", "calls": calls, "reply": "It is {result}"});
    let script = json!({"rules": [rule], "default": "you wrote {text}"});
    let mut config = json!({"brain": {"script": script}});
    if !tools.is_null() {
        config["tools"] = tools;
    }
    vec![
        calculator,
        json!({"id": "bot", "kind": "agent", "agent": config}),
    ]
}

fn one_agent() -> Value {
    json!({"nodes": [{"id": "bot", "agent": "bot", "output": true}]})
}

fn add(a: &Value, b: u32) -> Value {
    json!({"entity": "calculator", "ability": "add", "arguments": {"a": a, "b": b}})
}

/// The logs of a session: the name, the id of the call, and its error.
async fn logs(desk: &Desk, session: contract::SessionId) -> Vec<(String, String, Value)> {
    let logs = desk.data_of(session, "agent.log").await.into_iter();
    let fields = logs.map(|log| {
        let name = log["name"].as_str().unwrap().to_owned();
        let id = log["payload"]["id"].as_str().unwrap().to_owned();
        (name, id, log["payload"]["error"].clone())
    });
    fields.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_uses_abilities_on_the_way_to_its_answer() {
    let calls = json!([add(&json!(2), 3), add(&json!(4), 5)]);
    let entities = entities(json!({}), &calls);
    let mut desk = Desk::start_with(&entities, &one_agent()).await;
    desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.request(session, "how much is it?").await;
    desk.has_shown(session, "system.llm.request", 1).await;
    let shown = desk.shown(session).await;
    let expected = [
        "agent.ready",
        "agent.llm.response.start",
        "agent.log",
        "agent.log",
        "agent.log",
        "agent.log",
        "agent.llm.response.chunk",
        "agent.llm.response.end",
        "system.llm.request",
    ];
    assert_eq!(shown, expected);
    let logs = logs(&desk, session).await;
    let names = |id: &str| {
        let of_call = logs.iter().filter(|(_, call, _)| call == id);
        of_call.map(|(name, ..)| name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(names("call-1"), ["tool_call_start", "tool_call_end"]);
    assert_eq!(names("call-2"), ["tool_call_start", "tool_call_end"]);
    let (text, interrupted) = desk.texts(session).await.remove(0);
    assert!(text.contains("9") && !interrupted, "{text}");
    let chunks = desk.chunks();
    let sent: String = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    assert_eq!(sent, text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_has_an_error_in_the_log() {
    let bad = json!({"entity": "calculator", "ability": "add", "arguments": {"a": "x", "b": 1}});
    let unknown = json!({"entity": "calculator", "ability": "guess"});
    let read = json!({"permission": "read"});
    for (tools, call, expected) in [
        (Value::Null, add(&json!(1), 1), "you have no tools"),
        (read, add(&json!(1), 1), "you may only read"),
        (json!({}), bad, "arguments.a"),
        (json!({}), unknown, "there is no ability"),
    ] {
        let entities = entities(tools, &json!([call]));
        let mut desk = Desk::start_with(&entities, &one_agent()).await;
        desk.start_agent_worker().await;
        let session = desk.start_session().await;
        desk.request(session, "how much is it?").await;
        desk.has_shown(session, "system.llm.request", 1).await;
        let logs = logs(&desk, session).await;
        let names: Vec<_> = logs.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["tool_call_start", "tool_call_error"], "{expected}");
        let error = logs[1].2.as_str().unwrap();
        assert!(error.contains(expected), "{error}");
        let (text, _) = desk.texts(session).await.remove(0);
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leaves_no_call_open() {
    // Nobody runs the ability.
    let mut entities = entities(json!({}), &json!([add(&json!(1), 1)]));
    entities[0]["abilities"][0]["run"] = json!({"worker": "nobody-adds"});
    let mut desk = Desk::start_with(&entities, &one_agent()).await;
    desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.request(session, "how much is it?").await;
    desk.has_shown(session, "agent.log", 1).await;
    desk.send_in(session, "system.control.interrupt", json!({}))
        .await;
    desk.has_shown(session, "system.control.interrupt", 1).await;
    let found = logs(&desk, session).await;
    let names: Vec<_> = found.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["tool_call_start", "tool_call_error"]);
    assert_eq!(found[1].2, "cancelled");
    eventually("its run is cancelled too", async || {
        desk.cancelled_runs().await == 2
    })
    .await;
    // The node goes on.
    desk.request(session, "hello").await;
    desk.has_shown(session, "system.llm.request", 2).await;
    let (text, _) = desk.texts(session).await.pop().unwrap();
    assert_eq!(text, "you wrote hello");
}

/// Adds, when a worker has it.
struct Adding(contract::ActionName);

impl Action for Adding {
    fn name(&self) -> &contract::ActionName {
        &self.0
    }

    fn run(&self, _ctx: ActionCtx) -> RunFuture<'_> {
        let result = RunResult {
            output: to_raw_value(&7).ok(),
            ..RunResult::default()
        };
        Box::pin(async move { Ok(result) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ability_that_was_begun_by_a_lost_worker_is_not_begun_again() {
    let mut entities = entities(json!({}), &json!([add(&json!(3), 4)]));
    entities[0]["abilities"][0]["run"] = json!({"worker": "late-add"});
    let mut desk = Desk::start_with(&entities, &one_agent()).await;
    let first = desk.start_agent_worker().await;
    let session = desk.start_session().await;
    desk.request(session, "how much is it?").await;
    desk.has_shown(session, "agent.log", 1).await;
    first.abort();
    desk.start_agent_worker().await;
    let adding = manyworlds_sdk::Worker::builder().action(Adding("late-add".parse().unwrap()));
    desk.start_worker(adding, sdk_config(4)).await;
    desk.has_shown(session, "system.llm.request", 1).await;
    let found = logs(&desk, session).await;
    let names: Vec<_> = found.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["tool_call_start", "tool_call_end"]);
    assert_eq!(desk.texts(session).await, [("It is 7".to_owned(), false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_was_begun_by_a_lost_worker_is_called_again_only_if_it_may_be() {
    for (repeatable, expected) in [
        (false, "whether it took effect is not known"),
        (true, "booked"),
    ] {
        let flow = json!({"nodes": [{"id": "n", "worker": "booker", "output": true}]});
        let mut desk = Desk::start(&json!({}), &flow).await;
        let calls = Arc::new(AtomicUsize::new(0));
        // The first call never ends.
        let builder = || {
            let calls = Arc::clone(&calls);
            let tool = FunctionTool::new("book", "Books a seat.", move |_: Value| {
                let is_first = calls.fetch_add(1, Ordering::SeqCst) == 0;
                async move {
                    if is_first {
                        std::future::pending::<()>().await;
                    }
                    Ok("booked")
                }
            });
            let tool = if repeatable { tool.repeatable() } else { tool };
            let tools = Tools::default().with(tool.finish_on_interrupt());
            let node = NodeHooks::default().answer(move |_, ctx: NodeCtx| {
                let tools = tools.clone();
                async move {
                    let call = FunctionCall::new("book", &json!({"seat": 7}));
                    let result = ctx.call_tool(&tools, call).await?;
                    ctx.chunk(&result.content).await
                }
            });
            manyworlds_sdk::Worker::builder().node("booker", node)
        };
        let first = desk.start_worker(builder(), sdk_config(4)).await;
        let session = desk.start_session().await;
        desk.request(session, "book").await;
        eventually("the tool is called", async || {
            calls.load(Ordering::SeqCst) == 1
        })
        .await;
        first.abort();
        desk.start_worker(builder(), sdk_config(4)).await;
        desk.has_shown(session, "system.llm.request", 1).await;
        let (text, _) = desk.texts(session).await.remove(0);
        assert!(text.contains(expected), "{text}");
        let found = logs(&desk, session).await;
        let names: Vec<_> = found.iter().map(|(name, ..)| name.as_str()).collect();
        let end = if repeatable {
            "tool_call_end"
        } else {
            "tool_call_error"
        };
        assert_eq!(names, ["tool_call_start", end]);
        let made = calls.load(Ordering::SeqCst);
        assert_eq!(made, if repeatable { 2 } else { 1 });
    }
}
