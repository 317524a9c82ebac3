//! The words of the document.

#[cfg(test)]
mod tests;
mod tool;

use std::fmt::Write as _;

use contract::chat::ChatMessage;
use contract::query::EventRow;
use contract::{Entity, EntityId, EntityKind, Fact, Timestamp};
use serde_json::Value;

use super::super::model::Model;
use super::super::sender::HUMAN;
use super::super::shape;

pub(super) use tool::step;

/// Events that are written out.
const EVENTS_SHOWN_MAX: usize = 100;

/// How much was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    messages: usize,
    by_people: usize,
    /// Messages, and what agents did with tools between them.
    rows: usize,
}

impl Said {
    pub(super) fn note(&self) -> String {
        let Self {
            messages,
            by_people,
            ..
        } = self;
        let by_agents = messages - by_people;
        format!(
            "*Note: {messages} total messages ({by_people} user, {by_agents} agent/system), \
             {messages} after deduplication ({by_people} unique user messages)*\n\n"
        )
    }
}

/// `{world}-YYYY-MM-DDTHH-MM-SS.md`.
pub(super) fn file_name(world: &str, now: Timestamp) -> String {
    let now = now.to_string().replace(':', "-");
    let seconds = now.split('.').next().unwrap_or(&now);
    format!("{world}-{seconds}.md")
}

/// All before the messages.
pub(super) fn head(model: &Model, now: Timestamp) -> String {
    let agents: Vec<&Entity> = model.agents().collect();
    let name = shape::name(model);
    let mut text =
        format!("# World Export: {name}\n\n**Exported on:** {now}\n\n## World Configuration\n\n");
    let current = model.current().map_or("None", |(_, chat)| chat.name());
    let description = match model.description.as_str() {
        "" => "No description",
        description => description,
    };
    let known = |field: &str| model.metadata.get(field).and_then(Value::as_str);
    let lines = [
        ("Name", Some(name.to_owned())),
        ("ID", Some(model.id.to_string())),
        ("Description", Some(description.to_owned())),
        ("Turn Limit", Some(model.turn_limit.to_string())),
        (
            "Chat LLM Provider",
            known("chatLLMProvider").map(str::to_owned),
        ),
        ("Chat LLM Model", known("chatLLMModel").map(str::to_owned)),
        ("Total Agents", Some(agents.len().to_string())),
        ("Total Chats", Some(model.chats.len().to_string())),
        ("Current Chat", Some(current.to_owned())),
    ];
    text.push_str(&list(lines));
    if agents.is_empty() {
        text.push_str("## Agents\n\nNo agents found in this world.\n\n");
    } else {
        let _ = write!(text, "## Agents ({})\n\n", agents.len());
    }
    for entity in agents {
        text.push_str(&agent(model, entity));
    }
    text.push_str(&chat_head(model));
    text
}

fn agent(model: &Model, entity: &Entity) -> String {
    let llm = shape::llm_of(entity);
    let or_default = |value: Option<String>| value.unwrap_or_else(|| "default".to_owned());
    let model_name = llm.map_or_else(|| "none".to_owned(), |llm| llm.model.clone());
    let temperature = llm
        .and_then(|llm| llm.temperature)
        .map(|number| number.to_string());
    let tokens = llm
        .and_then(|llm| llm.tokens_max)
        .map(|number| number.to_string());
    let lines = [
        ("ID", Some(entity.id.to_string())),
        ("LLM Provider", Some(shape::provider(entity))),
        ("Model", Some(model_name)),
        ("Temperature", Some(or_default(temperature))),
        ("Max Tokens", Some(or_default(tokens))),
        ("LLM Calls", Some(shape::calls(model, entity).to_string())),
    ];
    let mut text = format!("### {}\n\n**Configuration:**\n", entity.display_name());
    text.push_str(&list(lines));
    let prompt = llm
        .map(|llm| llm.system_prompt.as_str())
        .filter(|prompt| !prompt.is_empty());
    if let Some(prompt) = prompt {
        let _ = write!(text, "- **System Prompt:**\n```\n{prompt}\n```\n\n");
    }
    text.push_str("---\n\n");
    text
}

fn list<const N: usize>(lines: [(&str, Option<String>); N]) -> String {
    let lines = lines.into_iter();
    let known = lines.filter_map(|(name, value)| Some(format!("- **{name}:** {}\n", value?)));
    known.collect()
}

fn chat_head(model: &Model) -> String {
    let Some((_, chat)) = model.current() else {
        return "## Current Chat\n\nNo current chat found in this world.\n\n".to_owned();
    };
    let head = format!("## Current Chat - {}\n\n", chat.name());
    match chat.message_count {
        0 => head + "**Messages:** No messages found for this chat\n\n",
        count => head + &format!("**Messages ({count}):**\n\n"),
    }
}

/// One message. `answered` is who sent the message that it answers, if that is known.
pub(super) fn message(
    model: &Model,
    message: &ChatMessage,
    answered: Option<&str>,
    said: &mut Said,
) -> String {
    said.messages += 1;
    said.by_people += usize::from(!message.from_agent);
    let label = label(model, message, answered);
    row(said, &label, &[&message.text])
}

fn row(said: &mut Said, label: &str, blocks: &[&str]) -> String {
    said.rows += 1;
    let mut written = format!("{}. **{label}**:\n", said.rows);
    for block in blocks {
        let text = block.replace("\\n", "\n").replace("```", "\\`\\`\\`");
        let lines = text.lines().map(|line| format!("    {line}\n"));
        let lines: String = lines.collect();
        let _ = write!(written, "    ```\n{lines}    ```\n");
    }
    written.push('\n');
    written
}

fn label(model: &Model, message: &ChatMessage, answered: Option<&str>) -> String {
    let sender = message.sender.as_str();
    if message.from_agent {
        let reply = reply(answered);
        return format!("Agent: {} {reply}", called(model, &message.sender));
    }
    if sender == HUMAN {
        return "From: HUMAN".to_owned();
    }
    let is_person = model
        .entities
        .get(&message.sender)
        .is_none_or(|entity| entity.kind == EntityKind::User);
    if is_person || message.answerers.is_empty() {
        return format!("From: {sender}");
    }
    let listeners = message.answerers.iter();
    let listeners: Vec<String> = listeners.map(|id| called(model, id)).collect();
    format!("Agent: {} (message from {sender})", listeners.join(", "))
}

fn called(model: &Model, id: &EntityId) -> String {
    let entity = model.entities.get(id);
    entity.map_or_else(|| id.to_string(), |entity| entity.display_name().to_owned())
}

fn reply(answered: Option<&str>) -> String {
    match answered {
        Some(answered) => format!("(reply to {answered})"),
        None => "(reply)".to_owned(),
    }
}

/// What happened in the chat, of which the first events are written out.
pub(super) fn events(rows: &[EventRow]) -> String {
    let mut text = format!("## Chat Events ({})\n\n", rows.len());
    let mut kinds: Vec<&str> = Vec::new();
    for (kind, _) in rows.iter().map(event) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if !kinds.is_empty() {
        let _ = write!(text, "**Event Types:** {}\n\n", kinds.join(", "));
    }
    for (number, row) in (1..).zip(rows.iter().take(EVENTS_SHOWN_MAX)) {
        let (kind, says) = event(row);
        let at = row.at.to_string();
        let time = at.get(11..19).unwrap_or_default();
        let _ = writeln!(text, "{number}. `{time}` ● [{kind}] {says}");
    }
    if rows.len() > EVENTS_SHOWN_MAX {
        let more = rows.len() - EVENTS_SHOWN_MAX;
        let _ = writeln!(
            text,
            "\n*... and {more} more events (showing first {EVENTS_SHOWN_MAX})*"
        );
    }
    text.push('\n');
    text
}

/// The kind of an event, as clients know it, and what it says.
fn event(row: &EventRow) -> (&'static str, String) {
    let event = &row.event;
    let sender = &event.sender;
    let message = |text: &str| ("message", format!("{sender}: {}", text.replace('\n', " ")));
    let world = |agent: &EntityId, step: &str| ("world", format!("{agent}: {step}"));
    let tool = |agent: &EntityId, step: &str| ("tool", format!("{agent} {step}"));
    let fact = Fact::parse(&event.event_type, &event.data);
    match fact.ok().flatten() {
        Some(Fact::MessagePosted(posted)) => message(&posted.text),
        Some(Fact::ActionCompleted(done)) if !done.calls.is_empty() => message(&done.said),
        Some(Fact::ActionRequested(wanted)) if wanted.call.is_some() => {
            tool(&wanted.entity, "tool-start")
        }
        Some(Fact::ActionRequested(wanted)) => world(&wanted.entity, "response-start"),
        Some(Fact::ApprovalRequested(_)) => tool(sender, "tool-progress"),
        Some(Fact::ActionCompleted(done)) if done.call.is_some() => tool(sender, "tool-result"),
        Some(Fact::ActionFailed(ended)) if ended.call.is_some() => tool(sender, "tool-error"),
        Some(Fact::ActionCancelled(ended)) if ended.call.is_some() => tool(sender, "tool-error"),
        Some(Fact::ActionCompleted(_) | Fact::ActionFailed(_) | Fact::ActionCancelled(_)) => {
            world(sender, "response-end")
        }
        Some(Fact::TurnEnded(_)) => world(sender, "idle"),
        _ => ("system", event.data.get().to_owned()),
    }
}

/// What the document itself is. `characters` come before this.
pub(super) fn metadata(model: &Model, events: usize, characters: usize) -> String {
    let agents = model.agents().count();
    let chats = usize::from(model.current().is_some());
    let head = format!(
        "## Export Metadata\n\n- **Export Format Version:** 1.1\n- **Agent World Version:** \
         Manyworlds {}\n",
        env!("CARGO_PKG_VERSION")
    );
    let size = characters + head.chars().count();
    format!(
        "{head}- **Total Export Size:** {size} characters\n- **Sections:** World Configuration, \
         Agents ({agents}), Current Chat ({chats}), Events ({events})\n"
    )
}
