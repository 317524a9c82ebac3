//! Worlds, chats and agents as clients read them.

use std::collections::BTreeMap;

use contract::brain::{Llm, Provider};
use contract::view::{AgentView, ChatOutline, ChatPage, GetAgents, GetChats};
use contract::{AgentConfig, Brain};
use serde_json::{Value, json};

use crate::chat_history::ChatHistory;
use crate::memory::memory;
use crate::names::chat_name;
use crate::tool_permission::shown_variables;
use crate::world::World;
use crate::world_variables::{self, REASONING_EFFORT};

/// How many pictures clients have for agents.
const SPRITES: u32 = 9;

/// The views that [`world`] shows.
pub(crate) const WORLD_PARTS: (GetAgents, GetChats) = (
    GetAgents,
    GetChats {
        after: None,
        limit: None,
    },
);

/// The parts of a world that are shown with it.
pub(crate) type WorldParts = (Vec<AgentView<'static>>, ChatPage<'static>);

/// A world with its agents and chats. `history` is that of the open chat.
pub(crate) fn world(
    world: &World,
    (agents_shown, chats_shown): &WorldParts,
    history: Option<&ChatHistory>,
) -> Value {
    let description = &world.description;
    let stored = |field: &str| description.metadata.get(field).cloned().unwrap_or_default();
    json!({
        "id": world.id,
        "name": world.name(),
        "description": description.description,
        "turnLimit": description.turn_limit,
        "mainAgent": text_or_null(&description.main_agent),
        "chatLLMProvider": stored("chatLLMProvider"),
        "chatLLMModel": stored("chatLLMModel"),
        "currentChatId": world.current_chat,
        "mcpConfig": stored("mcpConfig"),
        "variables": shown_variables(&description.variables, agents_shown),
        "reasoning_effort": world_variables::get(&description.variables, REASONING_EFFORT),
        "uiMode": stored("uiMode"),
        "dashboardZones": stored("dashboardZones"),
        "createdAt": world.created_at,
        "agents": agents(world, agents_shown, history),
        "chats": chats(&chats_shown.items),
    })
}

/// Chats, oldest first.
pub(crate) fn chats(chats: &[ChatOutline<'_>]) -> Vec<Value> {
    let mut chats: Vec<_> = chats.iter().collect();
    chats.sort_by_key(|chat| chat.created_at);
    chats.into_iter().map(chat).collect()
}

fn chat(chat: &ChatOutline<'_>) -> Value {
    json!({
        "id": chat.chat.id,
        "name": chat_name(&chat.chat.title),
        "messageCount": chat.message_count,
        "createdAt": chat.created_at,
    })
}

/// Agents, by id. `history` is that of the open chat.
pub(crate) fn agents(
    world: &World,
    agents: &[AgentView<'_>],
    history: Option<&ChatHistory>,
) -> Vec<Value> {
    let agents = agents.iter();
    agents.map(|view| agent(world, view, history)).collect()
}

/// An agent, with what is in its memory.
fn agent(world: &World, view: &AgentView<'_>, history: Option<&ChatHistory>) -> Value {
    let entity = view.entity.as_ref();
    let stored = |field: &str| entity.metadata.get(field).cloned();
    let llm = llm_of(entity.agent.as_ref());
    let latest = view.memory.iter();
    let own = latest.filter(|remembered| remembered.message.sender == entity.id);
    let last = own.map(|remembered| remembered.message.at).max();
    let created = stored("createdAt").unwrap_or_else(|| json!(world.created_at));
    let shown = memory(view, history);
    json!({
        "id": entity.id,
        "name": entity.display_name(),
        "type": stored("type").unwrap_or_else(|| json!("default")),
        "status": stored("status").unwrap_or_else(|| json!("active")),
        "description": stored("description"),
        "autoReply": entity.agent.as_ref().is_none_or(|config| config.auto_reply),
        "provider": provider_name(entity.agent.as_ref(), &entity.metadata),
        "model": llm.map(|llm| &llm.model),
        "baseUrl": llm.and_then(|llm| llm.base_url.as_ref()),
        "temperature": llm.and_then(|llm| llm.temperature),
        "maxTokens": llm.and_then(|llm| llm.tokens_max),
        "reasoning_effort": llm.and_then(|llm| llm.options.reasoning_effort.as_ref()),
        "systemPrompt": llm.map(|llm| &llm.system_prompt),
        "llmCallCount": view.calls,
        "lastLLMCall": last,
        "lastActive": last.map_or(created.clone(), |last| json!(last)),
        "createdAt": created,
        "spriteIndex": sprite_index(entity.id.as_str()),
        "messageCount": shown.len(),
        "memory": shown,
    })
}

/// The language model of an agent that has one.
pub(crate) fn llm_of(agent: Option<&AgentConfig>) -> Option<&Llm> {
    match &agent?.brain {
        Brain::Llm(llm) => Some(llm),
        Brain::Script(_) | Brain::Function { .. } | Brain::Client {} => None,
    }
}

/// The provider of an agent: the name that the client gave it, or else that of its protocol.
pub(crate) fn provider_name(
    agent: Option<&AgentConfig>,
    metadata: &BTreeMap<String, Value>,
) -> String {
    let stored = metadata.get("provider").and_then(Value::as_str);
    match (stored, llm_of(agent).map(|llm| llm.provider)) {
        (_, None) => "script".to_owned(),
        (Some(stored), Some(_)) => stored.to_owned(),
        (None, Some(Provider::Openai)) => "openai".to_owned(),
        (None, Some(Provider::Anthropic)) => "anthropic".to_owned(),
        (None, Some(Provider::Gemini)) => "google".to_owned(),
        (None, Some(Provider::Ollama)) => "ollama".to_owned(),
        (None, Some(Provider::OpenaiCompatible)) => "openai-compatible".to_owned(),
        (None, Some(Provider::Azure)) => "azure".to_owned(),
        (None, Some(Provider::Xai)) => "xai".to_owned(),
    }
}

fn sprite_index(id: &str) -> u32 {
    let hash = id.bytes().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    hash % SPRITES
}

fn text_or_null(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn a_world_has_every_field_that_clients_read() {
        let chats = serde_json::to_string(&fixtures::chat()).unwrap();
        let chats = ChatPage {
            items: vec![serde_json::from_str(&chats).unwrap()],
            next: None,
        };
        let shown = world(&fixtures::world(), &(fixtures::agents(), chats), None);
        assert_eq!(shown["name"], "Lobby");
        assert_eq!(shown["currentChatId"], "main");
        assert_eq!(shown["chatLLMProvider"], "openai");
        assert_eq!(shown["mainAgent"], Value::Null);
        assert_eq!(shown["chats"][0]["name"], "New Chat");
        assert_eq!(shown["chats"][0]["messageCount"], 2);
        assert_eq!(shown["agents"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn an_agent_has_what_it_remembers() {
        let agents = agents(&fixtures::world(), &fixtures::agents(), None);
        let ada = &agents[0];
        assert_eq!(ada["name"], "Ada L");
        assert_eq!(
            (&ada["provider"], &ada["model"]),
            (&json!("google"), &json!("pro"))
        );
        assert_eq!(
            (&ada["llmCallCount"], &ada["messageCount"]),
            (&json!(1), &json!(2))
        );
        assert_eq!(ada["memory"][0]["role"], "user");
        assert_eq!(ada["memory"][1]["role"], "assistant");
        assert_eq!(ada["memory"][1]["chatId"], "main");
        assert_eq!(ada["lastActive"], "2026-01-31T12:00:02.000Z");
        assert!(ada["spriteIndex"].as_u64().unwrap() < 9);
        assert_eq!(agents[1]["messageCount"], 1);
        assert_eq!(agents[1]["createdAt"], "2026-01-31T11:00:00.000Z");
    }

    #[test]
    fn a_cleared_memory_is_empty() {
        let mut agents = fixtures::agents();
        agents[0].memory.clear();
        let shown = agent(&fixtures::world(), &agents[0], None);
        assert_eq!(shown["memory"], json!([]));
        assert_eq!(shown["lastLLMCall"], Value::Null);
        assert_eq!(shown["lastActive"], shown["createdAt"]);
    }
}
