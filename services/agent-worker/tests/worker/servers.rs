//! MCP servers: when they are started, shared and closed, and their status.

use std::time::Duration;

use agent_worker::{AllowedServer, Worker};
use contract::tool::{CheckMcpServers, McpConnection, McpServer, McpTransport, ReadResource};
use serde_json::json;
use testkit::eventually;
use testkit::mcp::{ToolServer, example};

use crate::programs::{
    Program, allowing_programs, call, fixture, fixture_with, make, ok, request_call, result,
    set_caller, with_caller,
};
use crate::support::config;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_started_once_and_ends_with_its_worker() {
    let (mut harness, program) = (with_caller().await, Program::new());
    harness.set_servers([("files", program.server())]).await;
    let worker = Worker::new(allowing_programs()).unwrap();
    let (shutdown, ..) = harness.start_worker(worker).await;
    let add = call("add", &json!({"a": 1, "b": 2}));
    let calls = (0..8).map(|_| request_call(&harness, &add));
    let ids = futures::future::join_all(calls).await;
    for id in ids {
        assert_eq!(result(&harness, id).await, ok("3"));
    }
    assert_eq!(program.seen("started"), 1);
    assert!(!program.has_ended());
    shutdown.cancel();
    eventually("the program has ended", async || program.has_ended()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_died_is_started_again() {
    let (harness, program) = fixture().await;
    let crash = make(&harness, &call("crash", &json!({}))).await;
    assert!(crash.failed, "{crash:?}");
    assert!(
        crash.text.contains("whether it took effect is not known"),
        "{crash:?}"
    );
    let add = call("add", &json!({"a": 1, "b": 2}));
    assert_eq!(make(&harness, &add).await, ok("3"));
    assert_eq!(program.seen("started"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_restarted_is_connected_again() {
    let (mut harness, tools) = (with_caller().await, ToolServer::start().await);
    let mut config = config();
    config.mcp.allow = vec![AllowedServer {
        url: Some(tools.url()),
        ..AllowedServer::default()
    }];
    harness.start_worker(Worker::new(config).unwrap()).await;
    harness
        .set_servers([("files", McpServer::Http { url: tools.url() })])
        .await;
    let add = call("add", &json!({"a": 1, "b": 2}));
    assert_eq!(make(&harness, &add).await, ok("3"));
    let _tools = tools.restart().await;
    eventually("it can be called again", async || {
        make(&harness, &add).await == ok("3")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn worlds_share_a_server_only_if_they_may() {
    for (shared, expected) in [(false, 2), (true, 1)] {
        let mut config = allowing_programs();
        config.mcp.allow[0].shared = shared;
        let (mut harness, program) = fixture_with(config).await;
        make(&harness, &call("add", &json!({}))).await;
        harness.switch_world("garden").await;
        set_caller(&harness, json!({})).await;
        harness.set_servers([("files", program.server())]).await;
        make(&harness, &call("add", &json!({}))).await;
        assert_eq!(program.seen("started"), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_server_is_closed_and_opened_again() {
    let mut config = allowing_programs();
    config.mcp.idle_timeout = Duration::from_millis(100);
    let (harness, program) = fixture_with(config).await;
    let add = call("add", &json!({"a": 1, "b": 2}));
    make(&harness, &add).await;
    eventually("the program has ended", async || program.has_ended()).await;
    assert_eq!(
        harness.bus.mcp_directory().servers().await.unwrap()[0].status,
        McpConnection::Closed
    );
    assert_eq!(make(&harness, &add).await, ok("3"));
    assert_eq!(program.seen("started"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_recently_used_server_makes_room() {
    let mut config = allowing_programs();
    config.mcp.servers_max = 1;
    let (harness, first) = fixture_with(config).await;
    let second = Program::new();
    let add = call("add", &json!({"a": 1, "b": 2}));
    make(&harness, &add).await;
    harness.set_servers([("files", second.server())]).await;
    make(&harness, &add).await;
    eventually("the first has ended", async || first.has_ended()).await;
    // The second is in use: the pool has no room for the first.
    let slow = request_call(&harness, &call("slow", &json!({}))).await;
    eventually("the call has started", async || second.seen("slow") == 1).await;
    harness.set_servers([("files", first.server())]).await;
    let full = make(&harness, &add).await;
    assert!(
        full.failed && full.text.contains("too many servers"),
        "{full:?}"
    );
    assert!(harness.outcomes(slow).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_not_an_mcp_server_times_out() {
    let mut config = config();
    config.mcp.connect_timeout = Duration::from_millis(200);
    config.mcp.allow = ["sleep", "false", "manyworlds-no-such-program"]
        .map(|command| AllowedServer {
            command: Some(command.to_owned()),
            any_args: true,
            ..AllowedServer::default()
        })
        .into();
    let mut harness = with_caller().await;
    harness.start_worker(Worker::new(config).unwrap()).await;
    for (command, expected) in [
        ("sleep", "more than 0.2 s"),
        ("false", "it is unreachable"),
        ("manyworlds-no-such-program", "No such file"),
    ] {
        let args = vec!["3600".to_owned()];
        let command = command.to_owned();
        harness
            .set_servers([("files", McpServer::Stdio { command, args })])
            .await;
        let result = make(&harness, &call("add", &json!({}))).await;
        assert!(
            result.failed && result.text.contains(expected),
            "{result:?}"
        );
    }
    let servers = harness.bus.mcp_directory().servers().await.unwrap();
    assert!(
        servers
            .iter()
            .all(|it| it.status == McpConnection::Failed && it.error.is_some())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_ends_with_all_that_it_has_started() {
    let mut config = config();
    config.mcp.connect_timeout = Duration::from_millis(500);
    config.mcp.allow = vec![AllowedServer {
        command: Some("sh".to_owned()),
        any_args: true,
        ..AllowedServer::default()
    }];
    let (mut harness, program) = (with_caller().await, Program::new());
    harness.start_worker(Worker::new(config).unwrap()).await;
    let script = format!(
        "sleep 3600 & echo pid $! > {}; wait",
        program.file.display()
    );
    harness
        .set_servers([(
            "files",
            McpServer::Stdio {
                command: "sh".to_owned(),
                args: vec!["-c".to_owned(), script],
            },
        )])
        .await;
    let result = make(&harness, &call("add", &json!({}))).await;
    assert!(result.failed && program.seen("pid") == 1, "{result:?}");
    eventually("the program has ended", async || program.has_ended()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_has_started_ends_with_it_however_it_ends() {
    let mut config = config();
    config.mcp.allow = vec![AllowedServer {
        command: Some("sh".to_owned()),
        any_args: true,
        ..AllowedServer::default()
    }];
    for (tool, expected) in [("add", "0"), ("crash", "the connection broke")] {
        let (mut harness, program) = (with_caller().await, Program::new());
        let worker = Worker::new(config.clone()).unwrap();
        let (shutdown, ..) = harness.start_worker(worker).await;
        let (server, file) = (example("tool_server"), program.file.display());
        let script = format!(
            "sleep 3600 > /dev/null & echo pid $! > {file}; exec {} {file}",
            server.display()
        );
        let args = vec!["-c".to_owned(), script];
        let command = "sh".to_owned();
        harness
            .set_servers([("files", McpServer::Stdio { command, args })])
            .await;
        let result = make(&harness, &call(tool, &json!({}))).await;
        assert!(result.text.contains(expected), "{result:?}");
        assert_eq!(program.seen("pid"), 2);
        shutdown.cancel();
        eventually("both processes have ended", async || program.has_ended()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_replies_which_servers_of_a_world_it_refuses() {
    let (harness, program) = fixture().await;
    let refused = McpServer::Http {
        url: "https://elsewhere.example/mcp".to_owned(),
    };
    let check = CheckMcpServers {
        world: harness.world.clone(),
        servers: [
            ("files".to_owned(), program.server()),
            ("search".to_owned(), refused),
        ]
        .into(),
    };
    let checks = async || {
        let checks = harness.bus.mcp_directory().check(&check).await.unwrap();
        let [check] = &checks[..] else {
            panic!("{checks:?}");
        };
        ["files", "search"].map(|name| (check[name].allowed, check[name].status))
    };
    // Before any agent has used them, and after it.
    let closed = McpConnection::Closed;
    assert_eq!(checks().await, [(true, closed), (false, closed)]);
    make(&harness, &call("add", &json!({}))).await;
    let connected = (true, McpConnection::Connected);
    assert_eq!(checks().await, [connected, (false, closed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_servers_and_restart_them() {
    let (harness, program) = fixture().await;
    assert!(
        harness
            .bus
            .mcp_directory()
            .servers()
            .await
            .unwrap()
            .is_empty()
    );
    make(&harness, &call("add", &json!({}))).await;
    let servers = harness.bus.mcp_directory().servers().await.unwrap();
    let [server] = &servers[..] else {
        panic!("{servers:?}");
    };
    assert_eq!((server.name.as_str(), server.id.len()), ("files", 8));
    assert_eq!(server.transport, McpTransport::Stdio);
    assert_eq!(server.status, McpConnection::Connected);
    assert_eq!(server.worlds, std::slice::from_ref(&harness.world));
    assert!(server.started_at.is_some() && server.error.is_none());
    assert!(
        harness
            .bus
            .mcp_directory()
            .restart(&server.id)
            .await
            .unwrap()
    );
    eventually("it is started again", async || program.seen("started") == 2).await;
    assert!(
        !harness
            .bus
            .mcp_directory()
            .restart("00000000")
            .await
            .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_read_on_any_worker() {
    let (harness, program) = fixture().await;
    let read = async |uri: &str| {
        let read = ReadResource {
            world: harness.world.clone(),
            name: "files".to_owned(),
            server: program.server(),
            uri: uri.to_owned(),
        };
        harness
            .bus
            .mcp_directory()
            .read_resource(&read, Duration::from_secs(10))
            .await
    };
    let page = read("test://page").await.unwrap();
    assert_eq!(
        (page.mime.as_str(), &page.bytes[..]),
        ("text/html", &b"<p>hello</p>"[..])
    );
    let picture = read("test://picture").await.unwrap();
    assert_eq!(
        (picture.mime.as_str(), &picture.bytes[..]),
        ("image/png", &b"hello"[..])
    );
    for (uri, expected) in [
        ("test://large", "more than 524288 bytes"),
        ("test://none", "there is no such page"),
    ] {
        let error = read(uri).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_no_server_is_known() {
    let harness = with_caller().await;
    assert!(
        harness
            .bus
            .mcp_directory()
            .servers()
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        !harness
            .bus
            .mcp_directory()
            .restart("00000000")
            .await
            .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_configuration_stops_the_worker() {
    let mut config = config();
    config.mcp.allow = vec![AllowedServer::default()];
    let error = Worker::new(config).err().unwrap();
    assert!(
        format!("{error:#}").contains("mcp.allow: entry 1"),
        "{error:#}"
    );
}
