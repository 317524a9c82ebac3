//! How a run of a node ends that a worker reports.

use contract::fact::ActionCompleted;
use contract::flow::atoms::{ERROR, ErrorSeverity, RESPONSE_CHUNK, agent_error, chunk};
use contract::flow::{FlowFrame, NewFlowEvent, NodeOutput, NodeStep, SessionChanged};
use contract::run::RunResult;
use contract::{EventId, Rejection, RunId};
use serde_json::json;

use super::cascade::{Cascade, NodeEvent};
use super::limits::{COMMAND_EVENTS_MAX, DATA_BYTES_MAX, OUTPUT_BYTES_MAX};
use super::receive::check_event;
use super::start::check_variables;
use crate::decider::Decider;
use crate::rejection::too_large;
use crate::runs::{self, OpenRun};
use crate::text::check_text;
use crate::world::World;

/// A worker has handled an event for a node: what it sent leaves first, then the event.
pub(crate) fn on_run_completed(
    world: &World,
    (id, run): (RunId, &OpenRun),
    step: &NodeStep,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let completed = ActionCompleted {
        run: id,
        call: None,
        output: result.output.clone(),
        said: String::new(),
        calls: Vec::new(),
        usage: result.usage.clone(),
    };
    let Some(mut cascade) = Cascade::begin(world, step.session, decider) else {
        return runs::push_completed(run, completed, decider);
    };
    let node = cascade.graph.find(&step.node);
    let is_running = cascade
        .session
        .run_at(&step.node)
        .is_some_and(|running| running.run == id);
    let Some(node) = node.filter(|_| is_running) else {
        return runs::push_completed(run, completed, decider);
    };
    let output = result.node.clone().unwrap_or_default();
    let text = result.message.as_deref().unwrap_or_default();
    if let Err(fault) = check_output(&cascade, &output, text) {
        return runs::fail(id, run, "invalid_result", &fault.detail, decider);
    }
    cascade.change_variables(&output)?;
    let from = (node, step.event, step.turn, id);
    if step.answers && !text.is_empty() {
        cascade.send_as(answer_text(from, text))?;
    }
    let passes = cascade.send_all(&output.events, from)?;
    cascade.close_open_calls(from)?;
    if step.answers {
        cascade.end_answer(from, false)?;
    }
    runs::push_completed(run, completed, cascade.decider)?;
    let now = cascade.decider.now();
    cascade.session.on_run_ended(id, step, None, now);
    cascade.pass(node, output.consumed && !passes, |_| true)?;
    cascade.pump()?;
    cascade.finish()
}

fn check_output(
    cascade: &Cascade<'_, '_, '_>,
    output: &NodeOutput,
    text: &str,
) -> Result<(), Rejection> {
    let field = "outcome.completed.node";
    for (index, event) in output.events.iter().enumerate() {
        check_event(event, &format!("{field}.events[{index}]"))?;
    }
    if output.events.len() > COMMAND_EVENTS_MAX {
        let detail = format!("at most {COMMAND_EVENTS_MAX} events are taken at once");
        return Err(too_large(detail, Some(format!("{field}.events"))));
    }
    check_text(text, DATA_BYTES_MAX, "outcome.completed.message")?;
    let events: usize = output
        .events
        .iter()
        .map(|event| event.data.get().len())
        .sum();
    let bytes = events + text.len();
    if bytes > OUTPUT_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {OUTPUT_BYTES_MAX} are taken at once");
        return Err(too_large(detail, Some(format!("{field}.events"))));
    }
    let mut variables = cascade.session.variables.clone();
    variables.extend(output.variables.clone());
    variables.retain(|_, value| !value.is_null());
    check_variables(&variables, &format!("{field}.variables"))
}

/// The text of an answer.
pub(super) fn answer_text(
    (node, cause, turn, run): (usize, EventId, EventId, RunId),
    text: &str,
) -> NodeEvent<'static> {
    NodeEvent {
        node,
        event_type: RESPONSE_CHUNK,
        data: chunk(text),
        cause,
        turn,
        run: Some(run),
        interrupted: false,
    }
}

impl Cascade<'_, '_, '_> {
    fn change_variables(&mut self, output: &NodeOutput) -> Result<(), Rejection> {
        if output.variables.is_empty() {
            return Ok(());
        }
        let mut changed = SessionChanged::of(self.id);
        changed.variables.clone_from(&output.variables);
        self.change(changed)
    }

    /// The events that a node sends. Whether the handled event is among them: that is its passing on.
    pub(super) fn send_all(
        &mut self,
        events: &[NewFlowEvent],
        (node, cause, turn, run): (usize, EventId, EventId, RunId),
    ) -> Result<bool, Rejection> {
        let handled = self.session.frame(cause);
        let is_handled: Vec<bool> = events
            .iter()
            .map(|event| handled.is_some_and(|frame| is_same(event, frame)))
            .collect();
        for (event, is_handled) in events.iter().zip(&is_handled) {
            if *is_handled {
                continue;
            }
            let Some((field, reason)) = self.payload_fault(event) else {
                self.send_new(event, (node, cause, turn, Some(run)))?;
                continue;
            };
            let message = format!(
                "{} is not what it must be: {field}: {reason}",
                event.event_type
            );
            let payload = json!({
                "node_name": self.graph.nodes[node].id(), "error_class": "invalid_payload",
                "event_type": event.event_type, "field": field,
            });
            self.send_as(NodeEvent {
                node,
                event_type: ERROR,
                data: agent_error(&message, ErrorSeverity::Warning, &payload),
                cause,
                turn,
                run: Some(run),
                interrupted: false,
            })?;
        }
        Ok(is_handled.contains(&true))
    }

    /// The calls of tools that a run did not end end with it.
    fn close_open_calls(
        &mut self,
        from: (usize, EventId, EventId, RunId),
    ) -> Result<(), Rejection> {
        let id = self.graph.nodes[from.0].id();
        let running = id.and_then(|id| self.session.run_at(id));
        let calls = running.map(|running| running.calls.clone());
        for call in calls.unwrap_or_default() {
            self.close_call(from, &call, "unfinished")?;
        }
        Ok(())
    }
}

/// Whether a node sends the event that it was given.
fn is_same(event: &NewFlowEvent, handled: &FlowFrame) -> bool {
    let Some(id) = event.id.as_deref() else {
        return false;
    };
    handled.sender_id.as_deref() == Some(id) || handled.id.to_string() == id
}
