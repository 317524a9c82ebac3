//! MCP servers that are child processes, and calls of their tools.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_worker::{AllowedServer, Config, Worker};
use contract::RunId;
use contract::tool::{McpServer, ToolResult};
use serde_json::{Value, json};
use testkit::mcp::{example, seen_in};

use crate::support::{Harness, config};

/// A variable that cargo sets for every test.
pub(crate) const VARIABLE: &str = "CARGO_PKG_NAME";

/// An MCP server that is a child process, and the file to which it writes what happens.
pub(crate) struct Program {
    pub(crate) file: PathBuf,
}

impl Program {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("tool-server-{}-{number}", std::process::id());
        Self {
            file: std::env::temp_dir().join(name),
        }
    }

    pub(crate) fn server(&self) -> McpServer {
        McpServer::Stdio {
            command: example("tool_server").display().to_string(),
            args: vec![self.file.display().to_string()],
        }
    }

    pub(crate) fn seen(&self, what: &str) -> usize {
        let seen = seen_in(&self.file);
        seen.iter().filter(|line| line.starts_with(what)).count()
    }

    /// Whether all processes that were started have ended.
    pub(crate) fn has_ended(&self) -> bool {
        let seen = seen_in(&self.file);
        let mut ids = seen.iter().filter_map(|line| line.strip_prefix("pid "));
        ids.all(|id| !is_running(id))
    }
}

/// Whether this process runs. A zombie, whose command line is empty, does not.
fn is_running(id: &str) -> bool {
    let command = std::fs::read(Path::new("/proc").join(id).join("cmdline"));
    command.is_ok_and(|command| !command.is_empty())
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

pub(crate) fn allowing_programs() -> Config {
    let mut config = config();
    config.mcp.allow = vec![AllowedServer {
        command: Some(example("tool_server").display().to_string()),
        any_args: true,
        variables: vec![VARIABLE.to_owned()],
        ..AllowedServer::default()
    }];
    config
}

/// A world with an MCP server `files` that is a child process, and a worker.
pub(crate) async fn fixture() -> (Harness, Program) {
    fixture_with(allowing_programs()).await
}

pub(crate) async fn fixture_with(config: Config) -> (Harness, Program) {
    let (mut harness, program) = (Harness::start().await, Program::new());
    harness.set_servers([("files", program.server())]);
    harness.start_worker(Worker::new(config).unwrap()).await;
    (harness, program)
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Value {
    json!({
        "id": "a", "name": format!("files_{tool}"), "arguments": arguments,
        "tool": {"mcp": {"server": "files", "tool": tool}},
    })
}

pub(crate) async fn result(harness: &Harness, id: RunId) -> ToolResult {
    let output = harness.completed(id).await.output.unwrap();
    serde_json::from_str(output.get()).unwrap()
}

pub(crate) async fn make(harness: &Harness, call: Value) -> ToolResult {
    harness.set_call(call);
    let id = harness.request("tool").await;
    result(harness, id).await
}

pub(crate) fn ok(text: &str) -> ToolResult {
    ToolResult {
        text: text.to_owned(),
        failed: false,
    }
}
