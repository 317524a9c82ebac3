//! Tool calls: at most once, with progress, and cancelled.

use std::time::Duration;

use agent_worker::{AllowedServer, Worker};
use contract::tool::{McpServer, ReadResource};
use serde_json::json;
use testkit::eventually;
use testkit::mcp::ToolServer;

use crate::programs::{
    Program, VARIABLE, allowing_programs, call, fixture, make, ok, request_call, result,
    set_caller, with_caller,
};
use crate::support::config;

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_called_over_http_with_its_key_only() {
    let (mut harness, listed, other) = (
        with_caller().await,
        ToolServer::start().await,
        ToolServer::start().await,
    );
    let allowed = |tools: &ToolServer| AllowedServer {
        url: Some(tools.url()),
        ..AllowedServer::default()
    };
    let mut config = config();
    config.mcp.allow = vec![
        AllowedServer {
            bearer_variable: Some(VARIABLE.to_owned()),
            ..allowed(&listed)
        },
        allowed(&other),
    ];
    harness.start_worker(Worker::new(config).unwrap()).await;
    for tools in [&listed, &other] {
        harness
            .set_servers([("files", McpServer::Http { url: tools.url() })])
            .await;
        let add = call("add", &json!({"a": 1, "b": 2}));
        assert_eq!(make(&harness, &add).await, ok("3"));
    }
    assert!(listed.seen("Bearer agent-worker") > 0);
    assert_eq!(other.seen("Bearer agent-worker"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_only_the_variables_that_are_listed() {
    let (harness, _program) = fixture().await;
    let text = make(&harness, &call("environment", &json!({}))).await.text;
    for name in text.split(' ') {
        let expected = ["HOME", "LANG", "PATH", "TMPDIR", VARIABLE];
        assert!(expected.contains(&name), "{name}");
    }
    assert!(text.contains(VARIABLE), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_a_server_repeats_does_not_reach_the_world() {
    let (mut harness, tools, program) = (
        with_caller().await,
        ToolServer::start().await,
        Program::new(),
    );
    let mut config = allowing_programs();
    config.mcp.allow.push(AllowedServer {
        url: Some(tools.url()),
        bearer_variable: Some(VARIABLE.to_owned()),
        ..AllowedServer::default()
    });
    harness.start_worker(Worker::new(config).unwrap()).await;
    let address = McpServer::Http { url: tools.url() };
    for server in [program.server(), address] {
        harness.set_servers([("files", server.clone())]).await;
        let result = make(&harness, &call("environment", &json!({"one": VARIABLE}))).await;
        assert_eq!(result, ok("[key]"));
        let failed = make(&harness, &call("no agent-worker", &json!({}))).await;
        let expected = "there is no tool no [key]";
        assert!(failed.text.ends_with(expected), "{failed:?}");

        let read = async |uri: &str| {
            let read = ReadResource {
                world: harness.world.clone(),
                name: "files".to_owned(),
                server: server.clone(),
                uri: uri.to_owned(),
            };
            let deadline = Duration::from_secs(10);
            harness
                .bus
                .mcp_directory()
                .read_resource(&read, deadline)
                .await
        };
        let echo = read("test://echo/agent-worker").await.unwrap();
        assert_eq!(&echo.bytes[..], b"test://echo/[key]");
        let error = read("test://no/agent-worker").await.unwrap_err();
        let error = error.to_string();
        assert!(error.ends_with("page: test://no/[key]"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_is_a_result() {
    let (harness, program) = fixture().await;
    let fail = make(&harness, &call("fail", &json!({}))).await;
    assert_eq!(
        (fail.text.as_str(), fail.failed),
        ("it does not work", true)
    );
    let of = |server: &str| {
        let mut call = call("add", &json!({}));
        call["tool"]["mcp"]["server"] = json!(server);
        call
    };
    let forbidden = McpServer::Stdio {
        command: "/bin/sh".to_owned(),
        args: Vec::new(),
    };
    harness
        .set_servers([("files", program.server()), ("forbidden", forbidden)])
        .await;
    let mut refused = call("add", &json!({}));
    refused["refused"] = json!("people said no");
    let unknown = json!({"id": "a", "name": "no_such", "arguments": {}});
    for (call, expected) in [
        (call("no_such", &json!({})), "there is no tool no_such"),
        (of("no_such"), "there is no server no_such"),
        (of("forbidden"), "not allowed to use it"),
        (call("add", &json!([1])), "must be a JSON object"),
        (refused, "people said no"),
        (unknown, "there is no tool no_such"),
    ] {
        let result = make(&harness, &call).await;
        assert!(
            result.failed && result.text.contains(expected),
            "{result:?}"
        );
    }
    let show = make(&harness, &call("show", &json!({}))).await;
    let expected = "see\n[image, image/png, 5 bytes]\n[resource: page <test://page>]";
    assert_eq!(show, ok(expected));
    assert_eq!(harness.bus.dead_letters().count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_call_fails() {
    let (harness, _program) = fixture().await;
    let id = harness.request("tool").await;
    assert_eq!(harness.failed(id).await.0, "no_call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_call_publishes_progress_and_is_cancelled_in_time() {
    let (harness, program) = fixture().await;
    set_caller(&harness, json!({"timeout_seconds": 0.5})).await;
    let slow = make(&harness, &call("slow", &json!({}))).await;
    assert!(
        slow.failed && slow.text.contains("more than 0.5 s"),
        "{slow:?}"
    );
    eventually("the server got the cancellation", async || {
        program.seen("cancelled") == 1
    })
    .await;
    eventually("the progress arrived", async || harness.chunks().len() == 2).await;
    let mut progress: Vec<_> = harness.chunks().into_iter().map(|it| it.text).collect();
    progress.sort();
    assert_eq!(progress, ["1/3", "2/3"]);
    assert!(harness.chunks().iter().all(|chunk| chunk.progress));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_is_cancelled_at_its_server() {
    let (harness, program) = fixture().await;
    let id = request_call(&harness, &call("slow", &json!({}))).await;
    eventually("the call has started", async || program.seen("slow") == 1).await;
    harness.cancel(id).await;
    eventually("the server got the cancellation", async || {
        program.seen("cancelled") == 1
    })
    .await;
    harness.all_acknowledged().await;
    assert!(harness.outcomes(id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_no_worker_has_started_is_made() {
    let (mut harness, program) = (with_caller().await, Program::new());
    harness.set_servers([("files", program.server())]).await;
    let id = request_call(&harness, &call("note", &json!({}))).await;
    // A worker that stops requeues deliveries that it has not started.
    let queue = harness
        .bus
        .work_queue()
        .run_consumer(&"tool".parse().unwrap())
        .await;
    let mut pulls = queue.unwrap().pull().await.unwrap();
    let first = pulls.next(1).await.unwrap();
    first.retry_after(Duration::ZERO).await.unwrap();
    assert!(pulls.close().await.len() <= 1);
    harness
        .start_worker(Worker::new(allowing_programs()).unwrap())
        .await;
    let result = result(&harness, id).await;
    assert!(!result.failed, "{result:?}");
    assert_eq!(program.seen("noted"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_server_that_the_world_has_lost_meanwhile_fails() {
    let (mut harness, program) = (with_caller().await, Program::new());
    harness.set_servers([("files", program.server())]).await;
    let id = request_call(&harness, &call("note", &json!({}))).await;
    harness.set_servers([]).await;
    harness
        .start_worker(Worker::new(allowing_programs()).unwrap())
        .await;
    let result = result(&harness, id).await;
    let expected = "no MCP server \"files\"";
    assert!(
        result.failed && result.text.contains(expected),
        "{result:?}"
    );
    assert_eq!(program.seen("started"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_changes_something_is_called_at_most_once() {
    for repeatable in [false, true] {
        let (mut harness, program) = (with_caller().await, Program::new());
        // The first worker is killed during the call.
        harness.set_servers([("files", program.server())]).await;
        let mut slow = call("slow", &json!({}));
        slow["repeatable"] = json!(repeatable);
        let worker = Worker::new(allowing_programs()).unwrap();
        let (_, killed, _) = harness.start_worker(worker).await;
        let id = request_call(&harness, &slow).await;
        eventually("the call has started", async || program.seen("slow") == 1).await;
        killed.abort();
        harness
            .start_worker(Worker::new(allowing_programs()).unwrap())
            .await;
        if repeatable {
            eventually("it is called again", async || program.seen("slow") == 2).await;
            assert!(harness.outcomes(id).await.is_empty());
        } else {
            let result = result(&harness, id).await;
            let unknown = "whether it took effect is not known";
            assert!(result.failed && result.text.contains(unknown), "{result:?}");
            assert_eq!(program.seen("slow"), 1);
        }
    }
}
