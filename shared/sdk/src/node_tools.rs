//! How a node calls function tools. Each call has a start and one end in the log of its session.

use std::sync::Arc;

use contract::flow::atoms::{LOG, LogName, agent_log};
use contract::flow::{NewFlowEvent, NodeCall, ToolInterrupt};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use service_kit::ErrorChain;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, timeout};
use tracing::debug;

use crate::error::Error;
use crate::function_tool::{FunctionCall, FunctionResult, FunctionTool, Tools};
use crate::node_ctx::NodeCtx;
use crate::node_report::{NodeReport, report_id, send_report};
use crate::user_code::{CALLS_PER_RUN_MAX, UserCode};

/// The most bytes of arguments, and of a result, in the log. What is longer is cut there.
const LOGGED_BYTES_MAX: usize = 8 * 1024;
/// Timeout for the report of an end.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);
/// The result of a call that an earlier attempt may have made.
const UNKNOWN_EFFECT: &str =
    "a worker ended while it made this call: whether it took effect is not known";
/// The result of a call that an earlier attempt has made.
const CUT_RESULT: &str =
    "this call was made before a worker ended, and its result was too long to be kept";

impl NodeCtx {
    /// Calls a tool, and returns what a model gets for it, also of a failure: there is no such tool, the
    /// arguments do not fit its schema, it failed, or took too long.
    ///
    /// The session gets `agent.log` with `tool_call_start`, then with `tool_call_end` or `tool_call_error`.
    ///
    /// When an earlier attempt at the run, whose worker was lost, has made the call of this id, it is not made again:
    /// the result is that of the log. One that was begun and has not ended has failed, unless the tool is
    /// [repeatable](FunctionTool::repeatable). So ids are to be the same in each attempt, as those are which the
    /// node gives.
    ///
    /// # Errors
    /// [`Error::RunEnded`] after an interrupt, [`Error::Transient`] when the world is unavailable.
    pub async fn call_tool(
        &self,
        tools: &Tools,
        call: FunctionCall,
    ) -> Result<FunctionResult, Error> {
        let call = LoggedCall::new(self, tools, call);
        let is_repeatable = tools
            .find(&call.name)
            .is_some_and(|tool| tool.is_repeatable);
        let made = self.call_made_before(&call.id);
        if let Some(made) = made.filter(|made| !(made.is_cut && is_repeatable)) {
            let outcome = made_before(made);
            // As the earlier attempt did: reports are numbered.
            self.writer().await.flush().await?;
            return Ok(call.result(outcome));
        }
        let prepared = match self.prepare(tools, &call) {
            Ok(prepared) if call.on_interrupt == ToolInterrupt::Finish => {
                return self.finish(prepared, call).await;
            }
            prepared => prepared,
        };
        self.log_start(&call).await?;
        let began = Instant::now();
        let outcome = match prepared {
            Ok(prepared) => prepared.make(self.user_code()).await,
            Err(reason) => Err(reason),
        };
        let ended = call.ended(&outcome, began);
        let mut writer = self.writer().await;
        writer.send_once(&["call", &call.id, "end"], ended).await?;
        Ok(call.result(outcome))
    }

    /// Calls tools at the same time, at most eight. The results are in the order of the calls.
    ///
    /// # Errors
    /// As [`call_tool`](Self::call_tool).
    pub async fn call_tools(
        &self,
        tools: &Tools,
        calls: Vec<FunctionCall>,
    ) -> Result<Vec<FunctionResult>, Error> {
        let calls = calls.into_iter().map(|call| self.call_tool(tools, call));
        let calls: Vec<_> = calls.collect();
        let results = stream::iter(calls).buffered(CALLS_PER_RUN_MAX);
        results.try_collect().await
    }

    /// Finds the tool and checks the arguments.
    fn prepare(&self, tools: &Tools, call: &LoggedCall) -> Result<Prepared, String> {
        let tool = tools.find(&call.name);
        let tool = tool.ok_or_else(|| format!("there is no tool {}", call.name))?;
        if self.is_open_call(&call.id) && !tool.is_repeatable {
            return Err(UNKNOWN_EFFECT.to_owned());
        }
        let text = match call.arguments.trim() {
            "" => "{}",
            text => text,
        };
        let arguments = RawValue::from_string(text.to_owned())
            .map_err(|error| format!("the arguments are no JSON: {error}"))?;
        tool.check(&arguments)?;
        Ok(Prepared {
            tool: Arc::clone(tool),
            arguments,
        })
    }

    async fn log_start(&self, call: &LoggedCall) -> Result<(), Error> {
        let started = call.log(LogName::ToolCallStart, &json!({}));
        let mut writer = self.writer().await;
        writer
            .send_once(&["call", &call.id, "start"], started)
            .await
    }

    /// Makes a call that an interrupt does not cancel, once its start is in the log. Its end is reported even when
    /// nobody waits for it.
    async fn finish(&self, prepared: Prepared, call: LoggedCall) -> Result<FunctionResult, Error> {
        let unfinished = call.clone();
        let (reply, result) = oneshot::channel();
        let code = Arc::clone(self.user_code());
        let connection = self.writer().await.action().connection().clone();
        let (run, session) = (self.shared_run(), self.session());
        let ctx = self.clone();
        // The start too: an interrupt could come between it and the call.
        self.user_code().spawn(async move {
            let started = ctx.log_start(&call).await;
            // The attempt may end meanwhile, and what belongs to it.
            drop(ctx);
            if let Err(error) = started {
                let _ = reply.send(Err(error));
                return;
            }
            let began = Instant::now();
            let outcome = prepared.make(&code).await;
            let ended = call.ended(&outcome, began);
            let id = report_id(&run, &["call", &call.id, "end"]);
            let report = NodeReport {
                session,
                events: vec![ended],
                text: None,
                calls: Vec::new(),
            };
            let reported = send_report(&connection, &run, id, report, REPORT_TIMEOUT).await;
            if let Err(error) = reported {
                debug!(error = %ErrorChain(&error), "end of a tool call not reported");
            }
            let _ = reply.send(Ok(call.result(outcome)));
        });
        let lost = || unfinished.result(Err("the call was not finished".to_owned()));
        result.await.unwrap_or_else(|_| Ok(lost()))
    }
}

/// What came of a call, as the log has it.
fn made_before(made: &NodeCall) -> Result<Value, String> {
    match &made.result {
        _ if made.is_cut => Err(CUT_RESULT.to_owned()),
        Some(result) if result.failed => Err(result.text.clone()),
        Some(result) => Ok(Value::String(result.text.clone())),
        None => Err(UNKNOWN_EFFECT.to_owned()),
    }
}

/// A call that can be made.
struct Prepared {
    tool: Arc<FunctionTool>,
    arguments: Box<RawValue>,
}

impl Prepared {
    /// Makes the call within its time. A function that blocks its thread is left behind there.
    async fn make(self, code: &UserCode) -> Result<Value, String> {
        let limit = self.tool.timeout;
        let Self { tool, arguments } = self;
        let calling = code.run(async move { tool.call(&arguments).await });
        match timeout(limit, calling).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err("the tool panicked".to_owned()),
            Err(_elapsed) => Err(format!("it took more than {} s", limit.as_secs_f64())),
        }
    }
}

/// A call, as the log of the session shows it.
#[derive(Clone)]
struct LoggedCall {
    id: String,
    name: String,
    arguments: String,
    on_interrupt: ToolInterrupt,
}

impl LoggedCall {
    fn new(ctx: &NodeCtx, tools: &Tools, call: FunctionCall) -> Self {
        let id = match call.id {
            id if id.is_empty() => ctx.next_call_id(),
            id => id,
        };
        let tool = tools.find(&call.name);
        Self {
            id,
            on_interrupt: tool.map_or_else(ToolInterrupt::default, |tool| tool.on_interrupt),
            name: call.name,
            arguments: call.arguments,
        }
    }

    /// An event of the call, with these fields beside those of all of them.
    fn log(&self, name: LogName, fields: &Value) -> NewFlowEvent {
        let mut payload = json!({
            "id": self.id,
            "name": self.name,
            "function_name": self.name,
            "arguments": logged(&self.arguments),
            "on_interrupt": self.on_interrupt,
        });
        if let (Value::Object(payload), Value::Object(fields)) = (&mut payload, fields) {
            payload.extend(fields.clone());
        }
        NewFlowEvent::new(LOG, agent_log(name, &payload))
    }

    fn ended(&self, outcome: &Result<Value, String>, began: Instant) -> NewFlowEvent {
        let latency = began.elapsed().as_secs_f64();
        match outcome {
            Ok(response) => {
                let response = response.to_string();
                let is_cut = response.len() > LOGGED_BYTES_MAX;
                let response = logged(&response);
                let context = json!({"arguments": logged(&self.arguments), "response": response});
                let mut fields = json!({
                    "latency": latency, "success": true, "response": response, "context": context,
                });
                if is_cut {
                    fields["cut"] = true.into();
                }
                self.log(LogName::ToolCallEnd, &fields)
            }
            Err(reason) => {
                let fields = json!({"latency": latency, "success": false, "error": cut(reason)});
                self.log(LogName::ToolCallError, &fields)
            }
        }
    }

    fn result(self, outcome: Result<Value, String>) -> FunctionResult {
        let is_error = outcome.is_err();
        let content = match outcome {
            // A text is given as it is.
            Ok(Value::String(text)) | Err(text) => text,
            Ok(result) => result.to_string(),
        };
        FunctionResult {
            id: self.id,
            name: self.name,
            content,
            is_error,
        }
    }
}

/// The value of a JSON text for the log; the text itself when it is no JSON, or too long.
fn logged(text: &str) -> Value {
    if text.len() <= LOGGED_BYTES_MAX
        && let Ok(value) = serde_json::from_str(text)
    {
        return value;
    }
    Value::String(cut(text).to_owned())
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOGGED_BYTES_MAX)]
}
