//! Worlds, chats and agents as clients see them.

use contract::brain::{Llm, Provider};
use contract::chat::ChatMessage;
use contract::{Brain, ChatId, Entity, Timestamp};
use serde_json::{Value, json};

use super::model::{ChatModel, Model};

/// So many pictures clients have for agents.
const SPRITES: u32 = 9;

/// What was said in a world, by chat.
pub(super) struct Heard<'a>(Vec<(&'a ChatId, &'a ChatModel, Vec<ChatMessage>)>);

impl<'a> Heard<'a> {
    pub(super) fn in_world(model: &'a Model) -> Self {
        let chats = model.chats.iter();
        Self(
            chats
                .map(|(id, chat)| (id, chat, chat.messages()))
                .collect(),
        )
    }
}

/// A world with its agents and chats.
pub(super) fn world(model: &Model) -> Value {
    let known = |field: &str| model.metadata.get(field).cloned().unwrap_or_default();
    json!({
        "id": model.id,
        "name": name(model),
        "description": model.description,
        "turnLimit": model.turn_limit,
        "mainAgent": text_or_null(&model.main_agent),
        "chatLLMProvider": known("chatLLMProvider"),
        "chatLLMModel": known("chatLLMModel"),
        "currentChatId": model.current().map(|(id, _)| id),
        "mcpConfig": known("mcpConfig"),
        "variables": model.variables,
        "uiMode": known("uiMode"),
        "dashboardZones": known("dashboardZones"),
        "createdAt": model.created_at,
        "agents": agents(model),
        "chats": chats(model),
    })
}

/// What a world is called.
pub(super) fn name(model: &Model) -> &str {
    match model.name.as_str() {
        "" => model.id.as_str(),
        name => name,
    }
}

pub(super) fn chats(model: &Model) -> Vec<Value> {
    let mut chats: Vec<_> = model.chats.iter().collect();
    chats.sort_by_key(|(_, chat)| chat.created_at);
    chats
        .into_iter()
        .map(|(id, found)| chat(id, found))
        .collect()
}

fn chat(id: &ChatId, chat: &ChatModel) -> Value {
    json!({
        "id": id,
        "name": chat.name(),
        "messageCount": chat.message_count,
        "createdAt": chat.created_at,
    })
}

pub(super) fn agents(model: &Model) -> Vec<Value> {
    let heard = Heard::in_world(model);
    model
        .agents()
        .map(|entity| agent(model, entity, &heard))
        .collect()
}

/// An agent, with what it remembers of the end of each chat.
pub(super) fn agent(model: &Model, entity: &Entity, heard: &Heard<'_>) -> Value {
    let known = |field: &str| entity.metadata.get(field).cloned();
    let llm = llm_of(entity);
    let memory = memory(model, entity, heard);
    let own = memory
        .iter()
        .filter(|(_, message)| message.sender == entity.id);
    let last = own.map(|(_, message)| message.at).max();
    let created = known("createdAt").unwrap_or_else(|| json!(model.created_at));
    let shown: Vec<Value> = memory
        .iter()
        .map(|(chat, said)| remembered(entity, chat, said))
        .collect();
    json!({
        "id": entity.id,
        "name": entity.display_name(),
        "type": known("type").unwrap_or_else(|| json!("default")),
        "status": known("status").unwrap_or_else(|| json!("active")),
        "description": known("description"),
        "autoReply": entity.agent.as_ref().is_none_or(|config| config.auto_reply),
        "provider": provider(entity),
        "model": llm.map(|llm| &llm.model),
        "baseUrl": llm.and_then(|llm| llm.base_url.as_ref()),
        "temperature": llm.and_then(|llm| llm.temperature),
        "maxTokens": llm.and_then(|llm| llm.tokens_max),
        "systemPrompt": llm.map(|llm| &llm.system_prompt),
        "llmCallCount": calls(model, entity),
        "lastLLMCall": last,
        "lastActive": last.map_or(created.clone(), |last| json!(last)),
        "createdAt": created,
        "spriteIndex": sprite(entity.id.as_str()),
        "messageCount": shown.len(),
        "memory": shown,
    })
}

/// How often an agent has answered since a person spoke.
pub(super) fn calls(model: &Model, entity: &Entity) -> u32 {
    model.calls.get(&entity.id).copied().unwrap_or_default()
}

/// The language model of an agent that has one.
pub(super) fn llm_of(entity: &Entity) -> Option<&Llm> {
    match &entity.agent.as_ref()?.brain {
        Brain::Llm(llm) => Some(llm),
        Brain::Script(_) | Brain::Function { .. } | Brain::Client {} => None,
    }
}

/// What clients call an agent's provider: what it was called when it was made, if that has another
/// name here.
pub(super) fn provider(entity: &Entity) -> String {
    let called = entity.metadata.get("provider").and_then(Value::as_str);
    match (called, llm_of(entity).map(|llm| llm.provider)) {
        (_, None) => "script".to_owned(),
        (Some(called), Some(_)) => called.to_owned(),
        (None, Some(Provider::Openai)) => "openai".to_owned(),
        (None, Some(Provider::Anthropic)) => "anthropic".to_owned(),
        (None, Some(Provider::Gemini)) => "google".to_owned(),
        (None, Some(Provider::Ollama)) => "ollama".to_owned(),
    }
}

/// What an agent was given to hear, and what it said, since it last forgot everything.
fn memory<'a>(
    model: &Model,
    entity: &Entity,
    heard: &'a Heard<'_>,
) -> Vec<(&'a ChatId, &'a ChatMessage)> {
    let forgotten = model.forgotten.get(&entity.id).copied();
    let forgotten = forgotten.unwrap_or(Timestamp::from_unix_ms(0));
    let mut memory = Vec::new();
    for (id, chat, messages) in &heard.0 {
        let takes_part = chat.agents.is_empty() || chat.agents.contains(&entity.id);
        let is_for = |message: &&ChatMessage| {
            let is_own = message.sender == entity.id;
            let reached = !message.from_agent || message.answerers.contains(&entity.id);
            message.at > forgotten && (is_own || reached)
        };
        if takes_part {
            memory.extend(messages.iter().filter(is_for).map(|message| (*id, message)));
        }
    }
    memory.sort_by_key(|(_, message)| message.at);
    memory
}

fn remembered(entity: &Entity, chat: &ChatId, message: &ChatMessage) -> Value {
    let is_own = message.sender == entity.id;
    json!({
        "role": if is_own { "assistant" } else { "user" },
        "sender": message.sender,
        "content": message.text,
        "createdAt": message.at,
        "chatId": chat,
        "messageId": message.id,
        "replyToMessageId": message.in_reply_to,
        "agentId": entity.id,
    })
}

fn sprite(id: &str) -> u32 {
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
    use super::super::model::tests::lobby;
    use super::*;

    #[test]
    fn a_world_has_every_field_that_clients_read() {
        let shown = world(&lobby());
        assert_eq!(shown["name"], "Lobby");
        assert_eq!(shown["currentChatId"], "main");
        assert_eq!(shown["chatLLMProvider"], "openai");
        assert_eq!(shown["mainAgent"], Value::Null);
        assert_eq!(shown["chats"][0]["name"], "New Chat");
        assert_eq!(shown["chats"][0]["messageCount"], 2);
        assert_eq!(shown["agents"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn an_agent_remembers_what_reached_it_and_what_it_said() {
        let agents = agents(&lobby());
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
        assert_eq!(ada["lastActive"], "2026-01-31T12:00:02.000Z");
        assert!(ada["spriteIndex"].as_u64().unwrap() < 9);
        // Another agent's answer did not reach it.
        assert_eq!(agents[1]["messageCount"], 1);
        assert_eq!(agents[1]["createdAt"], "2026-01-31T11:00:00.000Z");
    }

    #[test]
    fn an_agent_that_forgot_has_no_memory() {
        let mut lobby = lobby();
        let ada = "ada".parse().unwrap();
        lobby.forgotten.insert(ada, Timestamp::MAX);
        assert_eq!(agents(&lobby)[0]["memory"], json!([]));
    }
}
