//! Function tools.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use manyworlds_sdk::testing::TestWorld;
use manyworlds_sdk::{
    Error, FunctionCall, FunctionResult, FunctionTool, JsonSchema, NodeCtx, Tools, schemars,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answering, data, with_output, worker};

#[derive(Deserialize, JsonSchema)]
struct Order {
    number: u32,
}

fn tools() -> Tools {
    let find = FunctionTool::new("find", "Finds an order.", async |order: Order| {
        Ok(json!({"number": order.number, "status": "sent"}))
    });
    let fail = FunctionTool::new("fail", "", async |_: Order| {
        Err::<(), _>(Error::failed("down", "the shop is closed"))
    });
    let hang = FunctionTool::new("hang", "", async |_: Order| {
        std::future::pending::<Result<(), Error>>().await
    });
    let panics = FunctionTool::new("panics", "", async |order: Order| {
        assert!(order.number > 7, "a bug");
        Ok(())
    });
    let finishes = FunctionTool::new("finishes", "", async |_: Order| Ok("done"));
    Tools::default()
        .with(find)
        .with(fail)
        .with(hang.timeout(Duration::from_secs(3)))
        .with(panics)
        .with(finishes.finish_on_interrupt())
}

/// The logs of a session: their names and payloads.
fn logs(world: &TestWorld, session: manyworlds_sdk::contract::SessionId) -> Vec<(String, Value)> {
    let frames = world.frames(session);
    let logs = frames
        .iter()
        .filter(|frame| frame.event_type == "agent.log");
    logs.map(|log| {
        let data = data(log);
        (
            data["name"].as_str().unwrap().to_owned(),
            data["payload"].clone(),
        )
    })
    .collect()
}

/// Makes calls one after the other. The results as `id content`, with a `!` when they are failures, and the
/// logs.
async fn call(calls: &[(&'static str, &'static str)]) -> (Vec<String>, Vec<(String, Value)>) {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let calls = calls.to_vec();
    let node = answering(move |ctx: NodeCtx| {
        let calls = calls.clone();
        async move {
            let mut results = Vec::new();
            for (name, arguments) in calls {
                let call = FunctionCall {
                    arguments: arguments.to_owned(),
                    ..FunctionCall::new(name, &Value::Null)
                };
                results.push(shown(&ctx.call_tool(&tools(), call).await?));
            }
            ctx.chunk(&serde_json::to_string(&results).unwrap()).await
        }
    });
    world.run(&worker("out", node)).await.unwrap();
    assert!(world.failures().is_empty(), "{:?}", world.failures());
    let frames = world.frames(session);
    let chunk = frames
        .iter()
        .find(|f| f.event_type == "agent.llm.response.chunk");
    let text = data(chunk.unwrap())["text"].as_str().unwrap().to_owned();
    (serde_json::from_str(&text).unwrap(), logs(&world, session))
}

fn shown(result: &FunctionResult) -> String {
    let mark = if result.is_error { "! " } else { "" };
    format!("{} {mark}{}", result.id, result.content)
}

#[tokio::test(start_paused = true)]
async fn each_call_has_a_start_and_an_end_in_the_log() {
    let (results, logs) = call(&[("find", r#"{"number": 7}"#)]).await;
    assert_eq!(results, [r#"call-1 {"number":7,"status":"sent"}"#]);
    let [(start, started), (end, ended)] = &logs[..] else {
        panic!("{logs:?}");
    };
    assert_eq!(
        (start.as_str(), end.as_str()),
        ("tool_call_start", "tool_call_end")
    );
    let expected = json!({
        "id": "call-1", "name": "find", "function_name": "find", "arguments": {"number": 7},
        "on_interrupt": "cancel",
    });
    assert_eq!(*started, expected);
    assert_eq!(
        (&ended["id"], &ended["function_name"]),
        (&json!("call-1"), &json!("find"))
    );
    assert_eq!(ended["success"], true);
    assert!(ended["latency"].is_number());
    assert_eq!(ended["response"], json!({"number": 7, "status": "sent"}));
    assert_eq!(ended["context"]["arguments"], json!({"number": 7}));
}

#[tokio::test(start_paused = true)]
async fn every_failure_is_a_result_and_an_error_in_the_log() {
    for (name, arguments, expected) in [
        ("fail", r#"{"number": 7}"#, "the shop is closed"),
        ("no_such", "{}", "there is no tool no_such"),
        ("find", "{number", "the arguments are no JSON"),
        ("find", r#"{"number": "7"}"#, "data.number must be"),
        ("find", "", "number"),
        ("hang", r#"{"number": 7}"#, "it took more than 3 s"),
        ("panics", r#"{"number": 7}"#, "the tool panicked"),
    ] {
        let (results, logs) = call(&[(name, arguments)]).await;
        let prefix = "call-1 ! ";
        let reason = results[0]
            .strip_prefix(prefix)
            .unwrap_or_else(|| panic!("{results:?}"));
        assert!(reason.contains(expected), "{name}: {reason}");
        let names: Vec<_> = logs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["tool_call_start", "tool_call_error"], "{name}");
        assert_eq!(logs[1].1["success"], false);
        assert_eq!(logs[1].1["error"], reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finishes_has_one_end() {
    let (results, logs) = call(&[("finishes", r#"{"number": 7}"#)]).await;
    assert_eq!(results, ["call-1 done"]);
    let names: Vec<_> = logs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tool_call_start", "tool_call_end"]);
    assert_eq!(logs[0].1["on_interrupt"], "finish");
}

#[tokio::test(start_paused = true)]
async fn several_calls_are_made_at_the_same_time() {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let node = answering(async |ctx: NodeCtx| {
        let calls = [("hang", 1), ("find", 2), ("fail", 3)];
        let calls = calls.map(|(name, number)| FunctionCall {
            id: format!("{name}!"),
            ..FunctionCall::new(name, &json!({"number": number}))
        });
        let results = ctx.call_tools(&tools(), calls.to_vec()).await?;
        let ids: Vec<_> = results.into_iter().map(|result| result.id).collect();
        ctx.chunk(&ids.join(" ")).await
    });
    world.run(&worker("out", node)).await.unwrap();
    assert!(world.failures().is_empty(), "{:?}", world.failures());
    let names: Vec<_> = logs(&world, session)
        .into_iter()
        .map(|(name, payload)| format!("{} {name}", payload["id"].as_str().unwrap()))
        .collect();
    assert_eq!(names.len(), 6, "{names:?}");
    // The slow one begins first and ends last.
    assert_eq!(names[0], "hang! tool_call_start");
    assert_eq!(names[5], "hang! tool_call_error");
    let frames = world.frames(session);
    let chunk = frames
        .iter()
        .find(|f| f.event_type == "agent.llm.response.chunk");
    assert_eq!(data(chunk.unwrap())["text"], "hang! find! fail!");
}

/// A node that calls a tool, and whose first attempt is lost then. How often the tool was called, the names of the
/// logs, and the answer.
async fn call_and_lose(tool: FunctionTool) -> (Vec<String>, String) {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let tools = Tools::default().with(tool);
    let attempts = Arc::new(AtomicU32::new(0));
    let node = answering(move |ctx: NodeCtx| {
        let tools = tools.clone();
        let is_first = attempts.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            let call = FunctionCall::new("book", &json!({"number": 7}));
            let result = ctx.call_tool(&tools, call).await?;
            if is_first {
                return Err(Error::transient("the worker is lost"));
            }
            ctx.chunk(&shown(&result)).await
        }
    });
    world.run(&worker("out", node)).await.unwrap();
    assert!(world.failures().is_empty(), "{:?}", world.failures());
    let frames = world.frames(session);
    let mut chunks = frames.iter();
    let chunk = chunks.find(|frame| frame.event_type == "agent.llm.response.chunk");
    let text = data(chunk.unwrap())["text"].as_str().unwrap().to_owned();
    let names = logs(&world, session).into_iter().map(|(name, _)| name);
    (names.collect(), text)
}

fn booking(calls: &Arc<AtomicU32>, result: &'static str) -> FunctionTool {
    let calls = Arc::clone(calls);
    FunctionTool::new("book", "", move |_: Order| {
        calls.fetch_add(1, Ordering::Relaxed);
        async move { Ok(result) }
    })
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_ended_is_not_made_again() {
    let calls = Arc::new(AtomicU32::new(0));
    let booked = booking(&calls, "booked");
    for tool in [booked, booking(&calls, "booked").finish_on_interrupt()] {
        calls.store(0, Ordering::Relaxed);
        let (names, text) = call_and_lose(tool).await;
        assert_eq!(names, ["tool_call_start", "tool_call_end"]);
        assert_eq!(text, "call-1 booked");
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_was_not_kept_is_a_failure_unless_the_call_may_be_repeated() {
    let long: &'static str = "x".repeat(9000).leak();
    let calls = Arc::new(AtomicU32::new(0));
    let (names, text) = call_and_lose(booking(&calls, long)).await;
    assert_eq!(names, ["tool_call_start", "tool_call_end"]);
    assert!(text.starts_with("call-1 ! this call was made"), "{text}");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    let (names, text) = call_and_lose(booking(&calls, long).repeatable()).await;
    assert_eq!(names, ["tool_call_start", "tool_call_end"]);
    assert_eq!(text, format!("call-1 {long}"));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}
