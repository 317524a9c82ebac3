//! Builds the prompt of a model request.

use std::collections::BTreeSet;

use contract::brain::Llm;
use contract::tool::ToolStep;
use models::{Message, Protocol, SentCall, Tool, ToolResult};
use serde_json::{Map, json};

use super::signatures;
use crate::brain::model_request::ModelRequest;

/// What a model is to answer.
pub(super) struct Prompt {
    pub(super) system: String,
    pub(super) messages: Vec<Message>,
    pub(super) tools: Vec<Tool>,
}

/// The system prompt, then the chat: messages of the agent have the role assistant, the others the
/// role user, with the name of the sender when there are several. Then the tool steps.
pub(super) fn build(llm: &Llm, request: ModelRequest<'_>, protocol: Protocol) -> Prompt {
    let agent = &request.agent.id;
    let senders: BTreeSet<_> = request
        .messages
        .iter()
        .filter(|message| message.sender != *agent)
        .map(|message| &message.sender)
        .collect();
    let has_several_senders = senders.len() > 1;
    // Providers require that a chat begins with the user.
    let messages = request
        .messages
        .iter()
        .skip_while(|message| message.sender == *agent);
    let mut merged: Vec<(bool, String)> = Vec::new();
    for message in messages {
        let is_own = message.sender == *agent;
        let text = match has_several_senders && !is_own {
            true => format!("{}: {}", message.sender, message.text),
            false => message.text.clone(),
        };
        match merged.last_mut() {
            // Some providers require that the roles alternate.
            Some((is_last_own, last)) if *is_last_own == is_own => {
                last.push_str("\n\n");
                last.push_str(&text);
            }
            _ => merged.push((is_own, text)),
        }
    }
    let messages = merged.into_iter().map(|(is_own, text)| match is_own {
        true => Message::Assistant {
            text,
            calls: Vec::new(),
            extra: Map::new(),
        },
        false => Message::User(text),
    });
    let steps = request.steps.iter();
    let messages = messages.chain(steps.flat_map(|step| step_messages(step, protocol)));
    Prompt {
        system: system_prompt(llm, request, has_several_senders),
        messages: messages.collect(),
        tools: tools(request),
    }
}

/// The messages of a tool step: the calls of the assistant, and the results of the tools.
fn step_messages(step: &ToolStep, protocol: Protocol) -> Vec<Message> {
    let (mut calls, mut results) = (Vec::new(), Vec::new());
    let mut message_extra = Map::new();
    for (call, result) in &step.calls {
        let (extra, of_message) = signatures::decode(protocol, &call.signatures);
        message_extra.extend(of_message);
        results.push(ToolResult {
            id: call.id.clone(),
            name: call.name.clone(),
            text: result.text.clone(),
            failed: result.failed,
            extra: extra.clone(),
        });
        calls.push(SentCall {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            extra,
        });
    }
    let mut messages = Vec::new();
    if !step.said.is_empty() || !calls.is_empty() {
        messages.push(Message::Assistant {
            text: step.said.clone(),
            calls,
            extra: message_extra,
        });
    }
    if !results.is_empty() {
        messages.push(Message::ToolResults(results));
    }
    messages
}

/// The tools that the model may call, and those that it has called before: some providers reject a
/// call in the history whose tool is not in the request.
fn tools(request: ModelRequest<'_>) -> Vec<Tool> {
    let specs = request.toolset.tools();
    let names: BTreeSet<&str> = specs.iter().map(|tool| tool.name.as_str()).collect();
    let calls = request.steps.iter().flat_map(|step| &step.calls);
    let removed: BTreeSet<&str> = calls
        .map(|(call, _)| call.name.as_str())
        .filter(|name| !names.contains(name))
        .collect();
    let specs = specs.iter().map(|tool| Tool {
        name: tool.name.clone(),
        description: tool.description.clone(),
        schema: tool.schema.clone(),
    });
    let removed = removed.into_iter().map(|name| Tool {
        name: name.to_owned(),
        description: "It is not there any more.".to_owned(),
        schema: json!({"type": "object", "properties": {}}),
    });
    specs.chain(removed).collect()
}

fn system_prompt(llm: &Llm, request: ModelRequest<'_>, has_several_senders: bool) -> String {
    let mut text = format!("You are {}.", request.agent.display_name());
    if has_several_senders {
        text.push_str(" Several others speak; each message begins with its sender's name.");
        text.push_str(" Do not begin yours with a name.");
    }
    if !request.others.is_empty() {
        let others: Vec<String> = request.others.iter().map(|id| format!("@{id}")).collect();
        text.push_str(" Other agents here: ");
        text.push_str(&others.join(", "));
        text.push_str(". Begin a line with one of these names only to hand over to that agent.");
    }
    if !request.toolset.unavailable().is_empty() {
        let servers = request.toolset.unavailable().join(", ");
        text.push_str(&format!(" The tools of {servers} can't be reached now."));
    }
    if !llm.system_prompt.is_empty() {
        text.push_str("\n\n");
        text.push_str(&llm.system_prompt);
    }
    text
}
