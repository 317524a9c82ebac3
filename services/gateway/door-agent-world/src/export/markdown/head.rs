//! All before the messages.

use std::fmt::Write as _;

use contract::Timestamp;
use contract::view::EntityOutline;
use serde_json::Value;

use crate::export::exported_world::ExportedWorld;
use crate::names::chat_name;
use crate::views;

/// `{world}-YYYY-MM-DDTHH-MM-SS.md`.
pub(crate) fn file_name(world: &str, now: Timestamp) -> String {
    let now = now.to_string().replace(':', "-");
    let seconds = now.split('.').next().unwrap_or(&now);
    format!("{world}-{seconds}.md")
}

/// All before the messages.
pub(crate) fn head(exported: &ExportedWorld, now: Timestamp) -> String {
    let agents: Vec<_> = exported.agents().collect();
    let world = &exported.world;
    let name = world.name();
    let mut text =
        format!("# World Export: {name}\n\n**Exported on:** {now}\n\n## World Configuration\n\n");
    let current = exported.current();
    let current = current.map_or("None", |chat| chat_name(&chat.chat.title));
    let description = match world.description.description.as_str() {
        "" => "No description",
        description => description,
    };
    let stored = |field: &str| {
        world
            .description
            .metadata
            .get(field)
            .and_then(Value::as_str)
    };
    let stored = |field: &str| stored(field).map(str::to_owned);
    let lines = [
        ("Name", Some(name.to_owned())),
        ("ID", Some(world.id.to_string())),
        ("Description", Some(description.to_owned())),
        ("Turn Limit", Some(world.description.turn_limit.to_string())),
        ("Chat LLM Provider", stored("chatLLMProvider")),
        ("Chat LLM Model", stored("chatLLMModel")),
        ("Total Agents", Some(agents.len().to_string())),
        ("Total Chats", Some(world.chat_count.to_string())),
        ("Current Chat", Some(current.to_owned())),
    ];
    text.push_str(&list(lines));
    if agents.is_empty() {
        text.push_str("## Agents\n\nNo agents found in this world.\n\n");
    } else {
        let _ = write!(text, "## Agents ({})\n\n", agents.len());
    }
    for entity in agents {
        let calls = exported.outline.calls.get(&entity.id);
        text.push_str(&agent(entity, calls.copied().unwrap_or_default()));
    }
    text.push_str(&chat_head(exported));
    text
}

fn agent(entity: &EntityOutline<'_>, calls: u32) -> String {
    let llm = views::llm_of(entity.agent.as_deref());
    let or_default = |value: Option<String>| value.unwrap_or_else(|| "default".to_owned());
    let model_name = llm.map_or_else(|| "none".to_owned(), |llm| llm.model.clone());
    let temperature = llm
        .and_then(|llm| llm.temperature)
        .map(|number| number.to_string());
    let tokens = llm
        .and_then(|llm| llm.tokens_max)
        .map(|number| number.to_string());
    let provider = views::provider_name(entity.agent.as_deref(), &entity.metadata);
    let lines = [
        ("ID", Some(entity.id.to_string())),
        ("LLM Provider", Some(provider)),
        ("Model", Some(model_name)),
        ("Temperature", Some(or_default(temperature))),
        ("Max Tokens", Some(or_default(tokens))),
        ("LLM Calls", Some(calls.to_string())),
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
    let present = lines.filter_map(|(name, value)| Some(format!("- **{name}:** {}\n", value?)));
    present.collect()
}

fn chat_head(world: &ExportedWorld) -> String {
    let Some(chat) = world.current() else {
        return "## Current Chat\n\nNo current chat found in this world.\n\n".to_owned();
    };
    let head = format!("## Current Chat - {}\n\n", chat_name(&chat.chat.title));
    match chat.message_count {
        0 => head + "**Messages:** No messages found for this chat\n\n",
        count => head + &format!("**Messages ({count}):**\n\n"),
    }
}
