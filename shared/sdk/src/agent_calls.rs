//! How the model of an agent that is a node of a flow calls tools. The world permits each call and logs it in the
//! session; it makes those of abilities itself, and a worker the others.

use std::time::Duration;

use contract::flow::atoms::{LOG, LogName, agent_log};
use contract::flow::{NewFlowEvent, NodeCall, NodeStep};
use contract::tool::{ToolCall, ToolResult};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::action_ctx::ActionCtx;
use crate::connection::Awaited;
use crate::error::Error;
use crate::node_report::{NodeReport, report_id, send_report};

/// Timeout for one report.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes of a result in the log. What is longer is cut there.
const LOGGED_BYTES_MAX: usize = 16 * 1024;

impl ActionCtx {
    /// Begins calls of tools, for a run that handles an event of a session for an agent. Returns them as they are
    /// then: one that is refused has its result; the world makes one that is [`by_world`](NodeCall::by_world); a
    /// worker makes the others, and reports their ends with [`end_call`](Self::end_call).
    ///
    /// # Errors
    /// [`Error::RunEnded`] after an interrupt, [`Error::Transient`] when the world is unavailable.
    pub async fn begin_calls(
        &self,
        step: &NodeStep,
        calls: &[ToolCall],
    ) -> Result<Vec<NodeCall>, Error> {
        let ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
        let id = report_id(self.request(), &["calls", &ids.join(" ")]);
        let report = NodeReport {
            session: step.session,
            events: Vec::new(),
            text: None,
            calls: calls.to_vec(),
        };
        send_report(
            self.connection(),
            self.request(),
            id,
            report,
            REPORT_TIMEOUT,
        )
        .await?;
        self.calls(&ids).await
    }

    /// Reports what came of a call that a worker has made since `began`.
    ///
    /// # Errors
    /// As [`begin_calls`](Self::begin_calls).
    pub async fn end_call(
        &self,
        step: &NodeStep,
        (id, name): (&str, &str),
        result: &ToolResult,
        began: Instant,
    ) -> Result<(), Error> {
        let report = NodeReport {
            session: step.session,
            events: vec![end_log((id, name), result, began)],
            text: None,
            calls: Vec::new(),
        };
        let id = report_id(self.request(), &["call", id, "end"]);
        send_report(
            self.connection(),
            self.request(),
            id,
            report,
            REPORT_TIMEOUT,
        )
        .await
    }

    /// Waits until calls that the world makes have ended, and returns them.
    ///
    /// # Errors
    /// As [`begin_calls`](Self::begin_calls).
    pub async fn wait_for_calls(
        &self,
        step: &NodeStep,
        ids: &[&str],
    ) -> Result<Vec<NodeCall>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut watch = self.watch(Awaited::Event(step.session)).await?;
        loop {
            let calls = self.calls(ids).await?;
            if calls.iter().all(|call| call.result.is_some()) {
                return Ok(calls);
            }
            watch.changed().await?;
        }
    }

    /// Calls of the run, as they are now.
    async fn calls(&self, ids: &[&str]) -> Result<Vec<NodeCall>, Error> {
        let node = self.context().await?.node;
        let mut calls = node.map(|node| node.calls).unwrap_or_default();
        calls.retain(|call| ids.contains(&call.id.as_str()));
        if calls.len() < ids.len() {
            let reason = "the world has no log of a call that was begun";
            return Err(Error::failed("no_call", reason));
        }
        Ok(calls)
    }
}

fn end_log((id, name): (&str, &str), result: &ToolResult, began: Instant) -> NewFlowEvent {
    let text = &result.text[..result.text.floor_char_boundary(LOGGED_BYTES_MAX)];
    let mut payload = json!({
        "id": id, "name": name, "function_name": name, "success": !result.failed,
        "latency": began.elapsed().as_secs_f64(),
    });
    let log = if result.failed {
        payload["error"] = text.into();
        LogName::ToolCallError
    } else {
        payload["response"] = text.into();
        payload["context"] = json!({"response": text});
        LogName::ToolCallEnd
    };
    if text.len() < result.text.len() {
        payload["cut"] = Value::Bool(true);
    }
    NewFlowEvent::new(LOG, agent_log(log, &payload))
}
