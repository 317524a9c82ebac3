use std::sync::Arc;
use std::time::Duration;

use contract::run::RunResult;
use contract::tool::{Tool, ToolCall, ToolResult};
use contract::{ActionName, RunContext};
use tokio::time::{Instant, sleep};
use tracing::{Instrument, field, info_span};

use crate::mcp::{Servers, failed};
use crate::metrics::Metrics;
use sdk::{Action, Call, Error, Running};

/// Pause before a broker that does not answer is asked again.
const CLAIM_PAUSE: Duration = Duration::from_millis(500);
/// What came of a call that may have been made before.
const UNKNOWN: &str = "a worker ended while it made this call: whether it took effect is not known";

/// A call of a tool, for an agent's model.
///
/// A tool that changes something is called at most once: whoever calls it claims the run before, and
/// no other does, unless the tool says that this makes no difference. Whatever goes wrong is a result,
/// for the model.
pub(crate) struct CallTool {
    pub(crate) name: ActionName,
    pub(crate) servers: Arc<Servers>,
    pub(crate) metrics: Metrics,
}

impl Action for CallTool {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        Box::pin(self.run(call))
    }
}

impl CallTool {
    async fn run(&self, mut call: Call) -> Result<RunResult, Error> {
        let context = call.context().await?;
        let Some(wanted) = &context.call else {
            return Err(Error::failed("no_call", "there is no tool to call"));
        };
        let span = info_span!(
            "execute_tool",
            otel.name = format!("execute_tool {}", wanted.name),
            otel.kind = "client",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = wanted.name,
            gen_ai.tool.call.id = wanted.id,
            gen_ai.tool.r#type = "function",
            "error.type" = field::Empty,
        );
        let begun = Instant::now();
        let making = self.make(&context, wanted, &mut call);
        let (outcome, result) = match making.instrument(span.clone()).await {
            Ok(result) if result.failed => ("failed", result),
            Ok(result) => ("ok", result),
            Err((code, result)) => (code, result),
        };
        if outcome != "ok" {
            span.record("error.type", outcome);
        }
        let seconds = begun.elapsed().as_secs_f64();
        self.metrics.tool_call(outcome, seconds);
        Ok(RunResult {
            output: serde_json::value::to_raw_value(&result).ok(),
            ..RunResult::default()
        })
    }

    /// What the tool says; when it was not called, or did not answer, a word for it and a result
    /// that says so.
    async fn make(
        &self,
        context: &RunContext,
        wanted: &ToolCall,
        call: &mut Call,
    ) -> Result<ToolResult, (&'static str, ToolResult)> {
        let not_made = |code, reason: &str| (code, failed(reason));
        if let Some(reason) = &wanted.refused {
            return Err(not_made("refused", reason));
        }
        let Some(Tool::Mcp { server: name, tool }) = &wanted.tool else {
            return Err(not_made("unknown_tool", "there is no such tool"));
        };
        let Some(server) = context.mcp_servers.get(name) else {
            let reason = format!("this agent has no server of tools {name:?}");
            return Err(not_made("unknown_server", &reason));
        };
        let Ok(arguments) = serde_json::from_str(wanted.arguments.get()) else {
            let reason = "the arguments must be a JSON object";
            return Err(not_made("refused", reason));
        };
        if !wanted.repeatable && !begins(call).await {
            return Err(not_made("unknown_effect", UNKNOWN));
        }
        let access = context.entity.agent.as_ref();
        let access = access.and_then(|agent| agent.tools.clone());
        let limit = access.unwrap_or_default().timeout_seconds;
        let called = self
            .servers
            .call(name, server, (tool, arguments), limit, call);
        called.await.map_err(|error| {
            let text = format!("the call of {tool} of {name} failed: {error}");
            (error.code(), failed(text))
        })
    }
}

/// Whether this is the first attempt at what must not be done twice. That is asked until it is known:
/// a run has few attempts.
async fn begins(call: &Call) -> bool {
    loop {
        match call.begin_once().await {
            Ok(is_first) => return is_first,
            Err(_) => sleep(CLAIM_PAUSE).await,
        }
    }
}
