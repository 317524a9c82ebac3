//! Agents as nodes of flows.

use contract::RunContext;
use contract::action::RespondOutput;
use contract::chat::ChatMessage;
use contract::flow::{NewFlowEvent, NodeOutput, NodeStep};
use contract::run::RunResult;
use manyworlds_sdk::Error;
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::brain::Completion;

/// The type of an event that a client shows as it is.
const SPEAK: &str = "agent.speak";

/// Adds the event that a node handles to what its brain reads, as a message `{type} {data}`. A request is there
/// already.
pub(super) fn add_event(context: &mut RunContext) {
    let Some(node) = context.node.as_ref().filter(|node| !node.step.answers) else {
        return;
    };
    let frame = &node.frame;
    context.messages.push(ChatMessage {
        id: frame.id.message(),
        sender: node.client.clone(),
        from_agent: false,
        answerers: Vec::new(),
        text: format!("{} {}", frame.event_type, frame.data.get()),
        at: frame.timestamp,
        turn: node.step.turn.message(),
        in_reply_to: None,
    });
}

/// What a brain has written: the answer to a request, and to any other event an `agent.speak`.
pub(super) fn result(step: &NodeStep, completion: Completion) -> Result<RunResult, Error> {
    let (text, usage) = (completion.text, completion.usage);
    if step.answers {
        let output = RespondOutput {
            message: Some(text),
            usage,
            ..RespondOutput::default()
        };
        return Ok(output.into());
    }
    let data = to_raw_value(&json!({"text": text}))
        .map_err(|error| Error::failed("bad_event", error.to_string()))?;
    let output = NodeOutput {
        events: vec![NewFlowEvent::new(SPEAK, data)],
        ..NodeOutput::default()
    };
    Ok(RunResult {
        node: Some(output),
        usage,
        ..RunResult::default()
    })
}
