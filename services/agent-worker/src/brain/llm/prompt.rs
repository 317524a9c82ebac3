//! A chat in the words of a language model.

use std::collections::BTreeSet;

use contract::entity::Llm;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest};

use crate::brain::Asked;

/// The system prompt, then the chat: what the agent said itself is the assistant's, the rest the
/// user's, with the sender's name when there are several.
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
    ChatRequest::new(messages.collect()).with_system(system(llm, asked, several))
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
    if !llm.system_prompt.is_empty() {
        text.push_str("\n\n");
        text.push_str(&llm.system_prompt);
    }
    text
}

pub(super) fn options(llm: &Llm) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_capture_usage(true)
        .with_normalize_reasoning_content(true);
    options.temperature = llm.temperature;
    options.max_tokens = llm.tokens_max;
    options
}
