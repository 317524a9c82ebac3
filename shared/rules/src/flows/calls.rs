//! Calls of tools by the models of agents that are nodes. The world makes those of abilities, and logs all of them
//! in the session.

use contract::flow::NodeStep;
use contract::flow::atoms::{LOG, LogName, agent_log};
use contract::purpose::Caller;
use contract::tool::{Tool, ToolCall, ToolResult};
use contract::{EventId, Fact, InteractionId, Rejection, RunId};
use serde_json::{Value, json};

use super::cascade::{Cascade, NodeEvent};
use crate::sessions::{CallWork, OpenCall};
use crate::{interactions, runs, tools};

/// The most bytes of what a tool is given that are in the log. What is longer is cut there.
const LOGGED_BYTES_MAX: usize = 8 * 1024;

/// The node, the event that it handles, its turn, and the run that does.
type CallOrigin = (usize, EventId, EventId, RunId);

impl Cascade<'_, '_, '_> {
    /// The model of a node's agent calls tools, during a run.
    pub(super) fn begin_calls(
        &mut self,
        from: CallOrigin,
        step: &NodeStep,
        calls: &[ToolCall],
    ) -> Result<(), Rejection> {
        let running = self.session.run_at(&step.node);
        let is_new = |call: &&ToolCall| running.is_none_or(|running| !running.has_begun(&call.id));
        let calls: Vec<ToolCall> = calls.iter().filter(is_new).cloned().collect();
        let open = running.map_or(0, |running| running.calls.len());
        let agent = self.entity_of(from.0);
        for call in tools::authorize_in_session(self.world, &agent, &calls, open)? {
            self.begin_call(from, step, &call)?;
        }
        Ok(())
    }

    fn begin_call(
        &mut self,
        from: CallOrigin,
        step: &NodeStep,
        call: &ToolCall,
    ) -> Result<(), Rejection> {
        let fields = json!({"arguments": logged(call.arguments.get()), "on_interrupt": "cancel"});
        self.log_call(from, LogName::ToolCallStart, (&call.id, &call.name), fields)?;
        let result = match (&call.refused, &call.tool) {
            (Some(reason), _) => ToolResult::failed(reason),
            (None, Some(Tool::Ability { .. })) => match self.begin_ability(from.0, step, call) {
                Some(result) => result,
                None => return Ok(()),
            },
            // A worker makes it, and reports its end.
            (None, _) => return Ok(()),
        };
        let running = self.session.run_at(&step.node);
        let open = running.and_then(|running| running.calls.last()).cloned();
        match open {
            Some(open) => self.log_end(from, &open, &result),
            None => Ok(()),
        }
    }

    /// Sends the event of a call. What came of it, if it is known at once.
    fn begin_ability(
        &mut self,
        node: usize,
        step: &NodeStep,
        call: &ToolCall,
    ) -> Option<ToolResult> {
        let agent = self.entity_of(node);
        let before = self.decider.events().len();
        let sent = tools::send_in_session(self.world, &agent, step, call, self.decider);
        if let Err(rejection) = sent {
            return Some(ToolResult::failed(rejection.detail));
        }
        let sent = &self.decider.events()[before..];
        let work = sent.iter().find_map(|sent| match sent.fact.as_ref()? {
            Fact::ActionRequested(requested) => (requested.caller_node.is_some()
                && requested.call.as_ref() == Some(&call.id))
            .then(|| CallWork::Run(sent.event.id.run())),
            Fact::InteractionRequested(requested) => match requested.caller.as_ref()? {
                Caller::Node { call: id, .. } if *id == call.id => {
                    Some(CallWork::Interaction(sent.event.id.interaction()))
                }
                _ => None,
            },
            _ => None,
        });
        match work {
            Some(work) => {
                self.session.on_call_begun(step, &call.id, work);
                None
            }
            // The event is all that there is to it.
            None => Some(ToolResult::succeeded("sent")),
        }
    }

    /// Logs how the calls ended of which the outcome is known, as far as the commit has room.
    pub(super) fn end_calls(&mut self) -> Result<(), Rejection> {
        let mut ended = Vec::new();
        for (id, running) in self.session.running() {
            let Some(node) = self.graph.find(id) else {
                continue;
            };
            let step = &running.step;
            let from = (node, step.event, step.turn, running.run);
            let calls = running.calls.iter();
            ended
                .extend(calls.filter_map(|call| Some((from, call.clone(), call.outcome.clone()?))));
        }
        for (from, call, result) in ended {
            if !self.has_room() {
                break;
            }
            self.log_end(from, &call, &result)?;
        }
        Ok(())
    }

    fn log_end(
        &mut self,
        from: CallOrigin,
        call: &OpenCall,
        result: &ToolResult,
    ) -> Result<(), Rejection> {
        let now = self.decider.now();
        let latency = call
            .begun_at
            .map(|begun_at| now.since(begun_at).as_secs_f64());
        let arguments = call.arguments.as_deref().map(parsed);
        let (name, fields) = if result.failed {
            let fields = json!({"error": result.text, "success": false, "latency": latency});
            (LogName::ToolCallError, fields)
        } else {
            let response = parsed(&result.text);
            let context = json!({"arguments": arguments, "response": response});
            let fields = json!({
                "success": true, "latency": latency, "response": response, "context": context,
            });
            (LogName::ToolCallEnd, fields)
        };
        self.log_call(from, name, (&call.id, &call.name), fields)
    }

    /// A call ends with its run, and not by itself.
    pub(super) fn close_call(
        &mut self,
        from: CallOrigin,
        call: &OpenCall,
        reason: &str,
    ) -> Result<(), Rejection> {
        let fields = json!({"error": reason, "success": false});
        self.log_call(from, LogName::ToolCallError, (&call.id, &call.name), fields)?;
        match call.work {
            Some(CallWork::Run(id)) => match self.world.runs.get(id) {
                Some(run) if !self.ends_run(id) => runs::push_cancelled(id, run, self.decider),
                _ => Ok(()),
            },
            Some(CallWork::Interaction(id)) if !self.ends_interaction(id) => {
                interactions::cancel_targets(self.world, id, self.decider)
            }
            _ => Ok(()),
        }
    }

    /// Whether the command has decided already that a run ends.
    fn ends_run(&self, id: RunId) -> bool {
        let mut decided = self.decider.events().iter();
        decided.any(|decided| match &decided.fact {
            Some(Fact::ActionCompleted(ended)) => ended.run == id,
            Some(Fact::ActionFailed(ended)) => ended.run == id,
            Some(Fact::ActionCancelled(ended)) => ended.run == id,
            _ => false,
        })
    }

    fn ends_interaction(&self, id: InteractionId) -> bool {
        let mut decided = self.decider.events().iter();
        decided.any(|decided| {
            matches!(&decided.fact, Some(Fact::InteractionEnded(ended)) if ended.interaction == id)
        })
    }

    fn log_call(
        &mut self,
        (node, cause, turn, run): CallOrigin,
        log: LogName,
        (id, name): (&str, &str),
        fields: Value,
    ) -> Result<(), Rejection> {
        let mut payload = json!({"id": id, "name": name, "function_name": name});
        if let (Value::Object(payload), Value::Object(fields)) = (&mut payload, fields) {
            payload.extend(fields);
        }
        let event = NodeEvent {
            node,
            event_type: LOG,
            data: agent_log(log, &payload),
            cause,
            turn,
            run: Some(run),
            interrupted: false,
        };
        self.send_as(event).map(|_| ())
    }
}

/// The value of a JSON text; the beginning of the text itself, when it is too long.
fn logged(text: &str) -> Value {
    if text.len() > LOGGED_BYTES_MAX {
        return text[..text.floor_char_boundary(LOGGED_BYTES_MAX)].into();
    }
    parsed(text)
}

/// The value of a JSON text; the text itself, when it is none.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
