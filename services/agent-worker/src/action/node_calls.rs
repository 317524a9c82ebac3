//! Calls of tools by the model of an agent that is a node of a flow: within the run that handles the event.

use std::collections::BTreeSet;

use contract::RunContext;
use contract::flow::{NodeCall, NodeContext, NodeStep};
use contract::tool::{ToolCall, ToolResult, ToolStep};
use manyworlds_sdk::{ActionCtx, Error};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::tool::{UNKNOWN_EFFECT, call_server};
use crate::mcp::{ConnectionPool, failed_result};
use crate::metrics::Metrics;

/// The tools of an agent that handles an event of a session.
pub(super) struct NodeTools<'a> {
    pub(super) pool: &'a ConnectionPool,
    pub(super) metrics: &'a Metrics,
    pub(super) context: &'a RunContext,
    pub(super) node: &'a NodeContext,
}

impl NodeTools<'_> {
    /// The steps of earlier attempts at the run, whose workers were lost. Of a call that one of them had begun it is
    /// not known whether it took effect: it is not made again. Those that the world makes go on meanwhile.
    pub(super) async fn earlier_steps(&self, ctx: &ActionCtx) -> Result<Vec<ToolStep>, Error> {
        let mut steps = Vec::new();
        for call in &self.node.calls {
            let result = match &call.result {
                Some(result) => result.clone(),
                None if call.by_world => self.wait(&[&call.id], ctx).await?.remove(0),
                None => {
                    let unknown = failed_result(UNKNOWN_EFFECT);
                    self.end((&call.id, &call.name), &unknown, Instant::now(), ctx)
                        .await?;
                    unknown
                }
            };
            steps.push(ToolStep {
                said: String::new(),
                calls: vec![(made_before(call), result)],
            });
        }
        Ok(steps)
    }

    /// Makes the calls of one step: first those of MCP servers, one after the other, while the world makes those of
    /// abilities.
    pub(super) async fn make_calls(
        &self,
        calls: Vec<ToolCall>,
        ctx: &mut ActionCtx,
    ) -> Result<Vec<(ToolCall, ToolResult)>, Error> {
        let begun = ctx.begin_calls(self.step(), &calls).await?;
        let found = |call: &ToolCall| begun.iter().find(|begun| begun.id == call.id);
        let mut results: Vec<Option<ToolResult>> = Vec::new();
        for call in &calls {
            let begun = found(call);
            let known = begun.and_then(|begun| begun.result.clone());
            let is_waiting = begun.is_some_and(|begun| begun.by_world);
            results.push(match known {
                None if !is_waiting => Some(self.make_call(call, ctx).await?),
                known => known,
            });
        }
        let waiting = calls.iter().zip(&results);
        let waiting: Vec<&str> = waiting
            .filter(|(_, result)| result.is_none())
            .map(|(call, _)| call.id.as_str())
            .collect();
        let mut ended = self.wait(&waiting, ctx).await?.into_iter();
        let lost = || failed_result("its result is lost");
        let results = results
            .into_iter()
            .map(|result| result.or_else(|| ended.next()).unwrap_or_else(lost));
        let results: Vec<ToolResult> = results.collect();
        Ok(calls.into_iter().zip(results).collect())
    }

    async fn make_call(&self, call: &ToolCall, ctx: &mut ActionCtx) -> Result<ToolResult, Error> {
        let began = Instant::now();
        let (outcome, result) = match call_server(self.pool, self.context, call, ctx).await {
            Ok(result) if result.failed => ("failed", result),
            Ok(result) => ("ok", result),
            Err((outcome, result)) => (outcome, result),
        };
        self.metrics
            .record_tool_call(outcome, began.elapsed().as_secs_f64());
        self.end((&call.id, &call.name), &result, began, ctx)
            .await?;
        Ok(result)
    }

    async fn end(
        &self,
        call: (&str, &str),
        result: &ToolResult,
        began: Instant,
        ctx: &ActionCtx,
    ) -> Result<(), Error> {
        ctx.end_call(self.step(), call, result, began).await
    }

    /// The results of calls that the world makes, in the order of the ids.
    async fn wait(&self, ids: &[&str], ctx: &ActionCtx) -> Result<Vec<ToolResult>, Error> {
        let ended = ctx.wait_for_calls(self.step(), ids).await?;
        let result = |id: &&str| {
            let call = ended.iter().find(|call| call.id == **id);
            let result = call.and_then(|call| call.result.clone());
            result.unwrap_or_else(|| failed_result("its result is lost"))
        };
        Ok(ids.iter().map(result).collect())
    }

    fn step(&self) -> &NodeStep {
        &self.node.step
    }
}

/// Gives calls ids of their own among those of all steps: a model, or its provider, knows only one step.
pub(super) fn with_new_ids(mut calls: Vec<ToolCall>, steps: &[ToolStep]) -> Vec<ToolCall> {
    let earlier = steps.iter().flat_map(|step| &step.calls);
    let mut taken: BTreeSet<String> = earlier.map(|(call, _)| call.id.clone()).collect();
    for call in &mut calls {
        if !taken.insert(call.id.clone()) {
            let numbers = steps.len() + 1..;
            let mut ids = numbers.map(|number| format!("{}-{number}", call.id));
            let id = ids.find(|id| taken.insert(id.clone()));
            call.id = id.unwrap_or_default();
        }
    }
    calls
}

/// A call of an earlier attempt, as the model sees it again.
fn made_before(call: &NodeCall) -> ToolCall {
    let no_arguments = || RawValue::from_string("{}".to_owned()).unwrap_or_default();
    ToolCall {
        id: call.id.clone(),
        name: call.name.clone(),
        tool: None,
        arguments: call.arguments.clone().unwrap_or_else(no_arguments),
        reads_only: false,
        repeatable: false,
        refused: None,
        signatures: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(id: &str) -> ToolCall {
        let call = json!({"id": id, "name": "mic_speak", "arguments": {}});
        serde_json::from_value(call).unwrap()
    }

    #[test]
    fn a_call_has_an_id_of_its_own_among_those_of_all_steps() {
        let result = failed_result("no");
        let step = ToolStep {
            said: String::new(),
            calls: vec![(call("a"), result.clone()), (call("a-2"), result)],
        };
        let calls = with_new_ids(vec![call("a"), call("b")], &[step]);
        let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["a-3", "b"]);
    }
}
