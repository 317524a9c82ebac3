//! Builds the request of the model client from a model request.

use std::collections::BTreeSet;

use contract::brain::Llm;
use contract::tool::ToolStep;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ContentPart, MessageContent, Tool, ToolCall,
    ToolResponse,
};
use serde_json::{Value, json};

use crate::brain::model_request::ModelRequest;
use crate::tools::RawToolCall;

/// The system prompt, then the chat: messages of the agent have the role assistant, the others the
/// role user, with the name of the sender when there are several. Then the tool steps.
pub(super) fn build(llm: &Llm, request: ModelRequest<'_>) -> ChatRequest {
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
        true => ChatMessage::assistant(text),
        false => ChatMessage::user(text),
    });
    let messages = messages.chain(request.steps.iter().flat_map(step_messages));
    let system = system_prompt(llm, request, has_several_senders);
    let chat = ChatRequest::new(messages.collect()).with_system(system);
    match tools(request) {
        tools if tools.is_empty() => chat,
        tools => chat.with_tools(tools),
    }
}

/// The messages of a tool step: the calls of the assistant, and the results of the tools.
fn step_messages(step: &ToolStep) -> Vec<ChatMessage> {
    let text = Some(&step.said).filter(|text| !text.is_empty());
    let mut parts: Vec<_> = text.cloned().map(ContentPart::Text).into_iter().collect();
    let mut results = Vec::new();
    for (call, result) in &step.calls {
        let call = ToolCall {
            call_id: call.id.clone(),
            fn_name: call.name.clone(),
            fn_arguments: serde_json::from_str(call.arguments.get()).unwrap_or_default(),
            thought_signatures: Some(call.signatures.clone()).filter(|them| !them.is_empty()),
        };
        // Not all providers have a field for failures.
        let text = match result.failed {
            true => format!("error: {}", result.text),
            false => result.text.clone(),
        };
        results.push(ToolResponse::from_tool_call(&call, text));
        parts.push(ContentPart::ToolCall(call));
    }
    let mut messages = Vec::new();
    if !parts.is_empty() {
        messages.push(ChatMessage::assistant(MessageContent::from_parts(parts)));
    }
    if !results.is_empty() {
        messages.push(ChatMessage::from(results));
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
    let specs = specs.iter().map(|tool| {
        Tool::new(tool.name.clone())
            .with_description(tool.description.clone())
            .with_schema(tool.schema.clone())
    });
    let removed = removed.into_iter().map(|name| {
        Tool::new(name)
            .with_description("It is not there any more.")
            .with_schema(json!({"type": "object", "properties": {}}))
    });
    specs.chain(removed).collect()
}

/// The tool calls of a completion.
pub(super) fn raw_calls(calls: Vec<ToolCall>) -> Vec<RawToolCall> {
    let raw = |call: ToolCall| RawToolCall {
        id: call.call_id,
        name: call.fn_name,
        arguments: match call.fn_arguments {
            // Some models call a tool without parameters with an empty string.
            Value::String(text) if text.trim().is_empty() => json!({}),
            arguments => arguments,
        },
        signatures: call.thought_signatures.unwrap_or_default(),
    };
    calls.into_iter().map(raw).collect()
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

pub(super) fn options(llm: &Llm) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_capture_usage(true)
        .with_capture_tool_calls(true)
        .with_normalize_reasoning_content(true);
    options.temperature = llm.temperature;
    options.max_tokens = llm.tokens_max;
    options
}
