//! MCP servers that are child processes, and calls of their tools.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_worker::{Action, ActionCtx, AllowedServer, Config, RunFuture, Worker};
use contract::run::RunResult;
use contract::tool::{McpServer, ToolResult};
use contract::{ActionName, MessageId, RunId, RunOutcome};
use serde_json::{Value, json};
use testkit::mcp::{example, seen_in};

use crate::support::{Harness, config, name};
use crate::world_log::{Logged, outcomes, run_for};

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

/// A brain of a user: it makes the call that the message is, as JSON, and answers when that has its result.
struct Caller(ActionName);

impl Action for Caller {
    fn name(&self) -> &ActionName {
        &self.0
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(async move {
            let context = ctx.context().await?;
            if !context.steps.is_empty() {
                let message = Some("done".to_owned());
                return Ok(RunResult {
                    message,
                    ..RunResult::default()
                });
            }
            let message = context.messages.last().unwrap();
            let call = serde_json::from_str(&message.text).unwrap();
            Ok(RunResult {
                calls: vec![call],
                ..RunResult::default()
            })
        })
    }
}

/// A world whose agent makes any call that it is sent.
pub(crate) async fn with_caller() -> Harness {
    let mut harness = Harness::start().await;
    set_caller(&harness, json!({})).await;
    let builder = manyworlds_sdk::Worker::builder().action(Caller(name("caller")));
    let worker = builder.build(manyworlds_sdk::Config::default()).unwrap();
    harness.start_sdk_worker(worker).await;
    harness
}

/// Lets the agent make any call that it is sent.
pub(crate) async fn set_caller(harness: &Harness, mut tools: Value) {
    tools["permission"] = json!("auto");
    let brain = json!({"function": {"action": "caller"}});
    harness
        .set_agent(json!({"brain": brain, "tools": tools}))
        .await;
}

/// A world with an MCP server `files` that is a child process, and a worker.
pub(crate) async fn fixture() -> (Harness, Program) {
    fixture_with(allowing_programs()).await
}

pub(crate) async fn fixture_with(config: Config) -> (Harness, Program) {
    let (mut harness, program) = (with_caller().await, Program::new());
    harness.set_servers([("files", program.server())]).await;
    harness.start_worker(Worker::new(config).unwrap()).await;
    (harness, program)
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Value {
    json!({
        "id": "a", "name": format!("files_{tool}"), "arguments": arguments,
        "tool": {"mcp": {"server": "files", "tool": tool}},
    })
}

/// Sends the agent a call, in a chat of its own.
async fn send_call(harness: &Harness, call: &Value) -> MessageId {
    let chat = harness.create_chat("A chat", &[]).await;
    harness.post(&chat, "pat", &call.to_string()).await
}

/// Lets the agent make a call; the run that makes it.
pub(crate) async fn request_call(harness: &Harness, call: &Value) -> RunId {
    let message = send_call(harness, call).await;
    harness.run_for(message, true).await
}

pub(crate) async fn result(harness: &Harness, id: RunId) -> ToolResult {
    let output = harness.completed(id).await.output.unwrap();
    serde_json::from_str(output.get()).unwrap()
}

/// Lets the agent make a call; what came of it, or why the world refused it.
pub(crate) async fn make(harness: &Harness, call: &Value) -> ToolResult {
    let message = send_call(harness, call).await;
    let made = |log: &[Logged]| {
        let refused = || refusal(log, message).map(Err);
        run_for(log, message, true).map(Ok).or_else(refused)
    };
    match harness.find("the call is made, or refused", made).await {
        Ok(id) => result(harness, id).await,
        Err(reason) => ToolResult::failed(reason),
    }
}

/// Why the call of the answer of a message was refused.
fn refusal(log: &[Logged], message: MessageId) -> Option<String> {
    let id = run_for(log, message, false)?;
    let mut outcomes = outcomes(log, id).into_iter();
    match outcomes.next()? {
        RunOutcome::Completed(result) => result.calls.into_iter().next()?.refused,
        failed => panic!("{failed:?}"),
    }
}

pub(crate) fn ok(text: &str) -> ToolResult {
    ToolResult::succeeded(text)
}
