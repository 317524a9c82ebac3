//! A chat in the words of a language model.

use std::collections::BTreeSet;

use contract::brain::Llm;
use contract::tool::ToolStep;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ContentPart, MessageContent, Tool, ToolCall,
    ToolResponse,
};
use serde_json::{Value, json};

use crate::brain::Asked;
use crate::tools::Wanted;

/// The system prompt, then the chat: what the agent said itself is the assistant's, the rest the
/// user's, with the sender's name when there are several. Then what the agent has done so far.
pub(super) fn request(llm: &Llm, asked: Asked<'_>) -> ChatRequest {
    let me = &asked.agent.id;
    let others: BTreeSet<_> = asked
        .messages
        .iter()
        .filter(|message| message.sender != *me)
        .map(|message| &message.sender)
        .collect();
    let several = others.len() > 1;
    // A model expects to be spoken to first.
    let messages = asked
        .messages
        .iter()
        .skip_while(|message| message.sender == *me);
    let mut lines: Vec<(bool, String)> = Vec::new();
    for message in messages {
        let mine = message.sender == *me;
        let text = match several && !mine {
            true => format!("{}: {}", message.sender, message.text),
            false => message.text.clone(),
        };
        match lines.last_mut() {
            // Some models insist that the two take turns.
            Some((last, said)) if *last == mine => {
                said.push_str("\n\n");
                said.push_str(&text);
            }
            _ => lines.push((mine, text)),
        }
    }
    let messages = lines.into_iter().map(|(mine, text)| match mine {
        true => ChatMessage::assistant(text),
        false => ChatMessage::user(text),
    });
    let messages = messages.chain(asked.steps.iter().flat_map(step));
    let mut request = ChatRequest::new(messages.collect()).with_system(system(llm, asked, several));
    let tools = tools(asked);
    if !tools.is_empty() {
        request = request.with_tools(tools);
    }
    request
}

/// What the model did before, as it would have been if it had not been interrupted.
fn step(step: &ToolStep) -> Vec<ChatMessage> {
    let said = Some(&step.said).filter(|said| !said.is_empty());
    let mut parts: Vec<_> = said.cloned().map(ContentPart::Text).into_iter().collect();
    let mut results = Vec::new();
    for (call, result) in &step.calls {
        let call = ToolCall {
            call_id: call.id.clone(),
            fn_name: call.name.clone(),
            fn_arguments: serde_json::from_str(call.arguments.get()).unwrap_or_default(),
            thought_signatures: Some(call.signatures.clone()).filter(|them| !them.is_empty()),
        };
        // What no provider has a field for must be said.
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

/// The tools that the model may call, and those that it has called before: some providers refuse a
/// call of a tool that they are not told of.
fn tools(asked: Asked<'_>) -> Vec<Tool> {
    let offered = asked.offer.tools();
    let names: BTreeSet<&str> = offered.iter().map(|tool| tool.name.as_str()).collect();
    let calls = asked.steps.iter().flat_map(|step| &step.calls);
    let gone: BTreeSet<&str> = calls
        .map(|(call, _)| call.name.as_str())
        .filter(|name| !names.contains(name))
        .collect();
    let offered = offered.iter().map(|tool| {
        Tool::new(tool.name.clone())
            .with_description(tool.description.clone())
            .with_schema(tool.schema.clone())
    });
    let gone = gone.into_iter().map(|name| {
        Tool::new(name)
            .with_description("It is not there any more.")
            .with_schema(json!({"type": "object", "properties": {}}))
    });
    offered.chain(gone).collect()
}

/// The calls of an answer.
pub(super) fn wanted(calls: Vec<ToolCall>) -> Vec<Wanted> {
    let wanted = |call: ToolCall| Wanted {
        id: call.call_id,
        name: call.fn_name,
        arguments: match call.fn_arguments {
            // A tool without arguments is called with an empty text, by some.
            Value::String(text) if text.trim().is_empty() => json!({}),
            arguments => arguments,
        },
        signatures: call.thought_signatures.unwrap_or_default(),
    };
    calls.into_iter().map(wanted).collect()
}

fn system(llm: &Llm, asked: Asked<'_>, several: bool) -> String {
    let mut text = format!("You are {}.", asked.agent.display_name());
    if several {
        text.push_str(" Several others speak; each message begins with its sender's name.");
        text.push_str(" Do not begin yours with a name.");
    }
    if !asked.others.is_empty() {
        let others: Vec<String> = asked.others.iter().map(|id| format!("@{id}")).collect();
        text.push_str(" Other agents here: ");
        text.push_str(&others.join(", "));
        text.push_str(". Begin a line with one of these names only to hand over to that agent.");
    }
    if !asked.offer.away().is_empty() {
        let servers = asked.offer.away().join(", ");
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
