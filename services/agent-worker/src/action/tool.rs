use std::sync::Arc;
use std::time::Duration;

use contract::run::RunResult;
use contract::tool::{Tool, ToolCall, ToolResult};
use contract::{ActionName, RunContext};
use manyworlds_sdk::{Action, ActionCtx, Error, RunFuture};
use service_kit::spans;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use crate::mcp::{ConnectionPool, failed_result};
use crate::metrics::Metrics;

/// Pause before the next attempt to claim a run, when the broker is unavailable.
const CLAIM_PAUSE: Duration = Duration::from_millis(500);
/// The result of a call that an earlier attempt may have made.
pub(super) const UNKNOWN_EFFECT: &str =
    "a worker ended while it made this call: whether it took effect is not known";

/// Executes a tool call of a model.
///
/// A tool that changes something is called at most once: the worker claims the run first, and no
/// other worker calls it, unless the tool is declared idempotent. Every failure is a result for the
/// model.
pub(crate) struct CallTool {
    pub(crate) name: ActionName,
    pub(crate) pool: Arc<ConnectionPool>,
    pub(crate) metrics: Metrics,
}

impl Action for CallTool {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.call_tool(ctx))
    }

    fn never_blocks(&self) -> bool {
        true
    }
}

impl CallTool {
    async fn call_tool(&self, mut ctx: ActionCtx) -> Result<RunResult, Error> {
        let context = ctx.context().await?;
        let Some(call) = &context.call else {
            return Err(Error::failed("no_call", "there is no tool to call"));
        };
        let span = spans::execute_tool(&call.name, &call.id);
        let started = Instant::now();
        let execution = self.execute(&context, call, &mut ctx);
        let (outcome, result) = match execution.instrument(span.clone()).await {
            Ok(result) if result.failed => ("failed", result),
            Ok(result) => ("ok", result),
            Err((code, result)) => (code, result),
        };
        if outcome != "ok" {
            span.record("error.type", outcome);
        }
        let seconds = started.elapsed().as_secs_f64();
        self.metrics.record_tool_call(outcome, seconds);
        Ok(RunResult {
            output: serde_json::value::to_raw_value(&result).ok(),
            ..RunResult::default()
        })
    }

    /// The result of the tool. When it was not called, or did not respond, an outcome for the metrics
    /// and a result with the reason.
    async fn execute(
        &self,
        context: &RunContext,
        call: &ToolCall,
        ctx: &mut ActionCtx,
    ) -> Result<ToolResult, (&'static str, ToolResult)> {
        let not_called = |outcome, reason: &str| (outcome, failed_result(reason));
        if let Some(reason) = &call.refused {
            return Err(not_called("refused", reason));
        }
        if !call.repeatable && !claim_run(ctx).await {
            return Err(not_called("unknown_effect", UNKNOWN_EFFECT));
        }
        call_server(&self.pool, context, call, ctx).await
    }
}

/// The result of a tool of an MCP server. When it was not called, or did not respond, an outcome for the metrics
/// and a result with the reason.
pub(super) async fn call_server(
    pool: &ConnectionPool,
    context: &RunContext,
    call: &ToolCall,
    ctx: &mut ActionCtx,
) -> Result<ToolResult, (&'static str, ToolResult)> {
    let not_called = |outcome, reason: &str| (outcome, failed_result(reason));
    let Some(Tool::Mcp { server: name, tool }) = &call.tool else {
        return Err(not_called("unknown_tool", "there is no such tool"));
    };
    let Some(server) = context.mcp_servers.get(name) else {
        let reason = format!("this agent has no MCP server {name:?}");
        return Err(not_called("unknown_server", &reason));
    };
    let Ok(arguments) = serde_json::from_str(call.arguments.get()) else {
        let reason = "the arguments must be a JSON object";
        return Err(not_called("refused", reason));
    };
    let access = context.entity.agent.as_ref();
    let access = access.and_then(|agent| agent.tools.clone());
    let limit = access.unwrap_or_default().timeout_seconds;
    let called = pool.call_tool(name, server, (tool, arguments), limit, ctx);
    called.await.map_err(|error| {
        let text = format!("the call of {tool} of {name} failed: {error}");
        (error.code(), failed_result(text))
    })
}

/// Whether this attempt has the claim of the run. Repeated while the broker is unavailable: a run has
/// few attempts.
async fn claim_run(ctx: &ActionCtx) -> bool {
    loop {
        match ctx.claim().await {
            Ok(is_claimed) => return is_claimed,
            Err(_) => sleep(CLAIM_PAUSE).await,
        }
    }
}
