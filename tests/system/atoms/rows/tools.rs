//! Function tools of nodes.

use serde_json::{Value, json};

use super::super::client::Client;
use super::answers::{request, text_of};
use super::desk::Desk;

const REQUEST: &str = "system.llm.request";

/// Requests that a tool is called.
async fn call(client: &mut Client, name: &str, arguments: &str) {
    let call = json!({"name": name, "arguments": arguments});
    request(client, &call.to_string()).await;
}

/// The logs among frames: their names and payloads.
fn logs(frames: &[Value]) -> Vec<(&str, &Value)> {
    let logs = frames.iter().filter(|frame| frame["type"] == "agent.log");
    logs.map(|log| (log["name"].as_str().unwrap(), &log["payload"]))
        .collect()
}

async fn interrupt(client: &mut Client) {
    client
        .send(&json!({"type": "system.control.interrupt"}))
        .await
        .unwrap();
}

pub(super) async fn each_outcome_is_a_result_and_is_logged(desk: &Desk) {
    let order = r#"{"number": 7}"#;
    // The result that the model gets: whether it is an error, and what it contains.
    let table = [
        ("find", order, false, "\"sent\""),
        ("raises", order, true, "the shop is closed"),
        ("unknown", "{}", true, "there is no tool unknown"),
        ("find", "{number", true, "the arguments are no JSON"),
        ("find", r#"{"number": "7"}"#, true, "data.number must be"),
        ("nothing", order, false, "null"),
    ];
    for (name, arguments, is_error, content) in table {
        let (mut client, _) = desk.begin("tools").await;
        call(&mut client, name, arguments).await;
        let frames = client.until(REQUEST).await;
        let result: Value = serde_json::from_str(&text_of(&frames)).unwrap();
        assert_eq!(result["error"], is_error, "{name} {arguments}: {result}");
        let found = result["content"].as_str().unwrap();
        assert!(found.contains(content), "{name} {arguments}: {result}");
        let [(start, started), (end, ended)] = logs(&frames)[..] else {
            panic!("{frames:?}");
        };
        let expected_end = if is_error {
            "tool_call_error"
        } else {
            "tool_call_end"
        };
        assert_eq!((start, end), ("tool_call_start", expected_end));
        assert_eq!(started["id"], ended["id"]);
        assert_eq!(ended["success"], !is_error, "{ended}");
        // A tool that ends the call ends it for the client as well.
        let ends_call = frames.iter().any(|frame| frame["type"] == "agent.end_call");
        assert_eq!(ends_call, name == "nothing");
    }
}

pub(super) async fn a_tool_ends_at_an_interrupt(desk: &Desk) {
    let (mut client, _) = desk.begin("tools").await;
    call(&mut client, "hangs", r#"{"number": 7}"#).await;
    let started = client.until("agent.log").await;
    let (start, started) = logs(&started)[0];
    assert_eq!(start, "tool_call_start");
    interrupt(&mut client).await;
    let frames = client.until("system.control.interrupt").await;
    let [(end, ended)] = logs(&frames)[..] else {
        panic!("{frames:?}");
    };
    assert_eq!(end, "tool_call_error");
    assert_eq!(started["id"], ended["id"]);
    assert_eq!(ended["success"], false, "{ended}");
}

pub(super) async fn a_tool_may_finish_at_an_interrupt(desk: &Desk) {
    let (mut client, _) = desk.begin("tools").await;
    call(&mut client, "finishes", r#"{"number": 7}"#).await;
    let started = client.until("agent.log").await;
    let (_, started) = logs(&started)[0];
    assert_eq!(started["on_interrupt"], "finish");
    interrupt(&mut client).await;
    let frames = client.until("system.control.interrupt").await;
    assert!(logs(&frames).is_empty(), "{frames:?}");
    desk.gates.tool.add_permits(1);
    let frames = client.until("agent.log").await;
    let [(end, ended)] = logs(&frames)[..] else {
        panic!("{frames:?}");
    };
    assert_eq!(end, "tool_call_end");
    assert_eq!(
        (&ended["id"], &ended["response"]),
        (&started["id"], &json!("done"))
    );
}
