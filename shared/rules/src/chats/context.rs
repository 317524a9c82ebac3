//! What of a chat a worker gets.

use contract::chat::ChatMessage;
use contract::{ChatId, Entity, EntityId};

use super::main_agent::main_agent;
use super::memory::since_cleared;
use super::participants::answerers_of;
use super::recipients::{agent_ids, dialect};
use super::state::ChatState;
use crate::dialect::{Message, ParsedMessage};
use crate::entities::{SenderKind, sender_kind};
use crate::world::World;

/// The most text that a worker gets before the message to answer: it must fit in one reply.
const CONTEXT_BYTES_MAX: usize = 256 * 1024;
/// The end of a chat of which a title is made.
const TITLED_MESSAGES_MAX: usize = 6;
/// Other agents that an agent gets to know of: more than it could address sensibly.
const OTHERS_MAX: usize = 64;

/// A chat as an agent knows it that answers a message.
pub(crate) struct Conversation {
    /// What of the chat is for the agent, oldest first; the message to answer comes last.
    pub(crate) messages: Vec<ChatMessage>,
    /// The other agents that answer there.
    pub(crate) others: Vec<EntityId>,
}

pub(crate) fn conversation(
    world: &World,
    chat: &ChatId,
    agent: &Entity,
    question: &ChatMessage,
) -> Conversation {
    Conversation {
        messages: messages(world, chat, agent, question),
        others: others(world, chat, &agent.id),
    }
}

/// The messages of which a title is made.
pub(crate) fn title_messages(world: &World, chat: &ChatId) -> Option<Vec<ChatMessage>> {
    let state = world.chats.get(chat)?;
    let skipped = state.tail.len().saturating_sub(TITLED_MESSAGES_MAX);
    Some(state.tail.iter().skip(skipped).cloned().collect())
}

fn others(world: &World, chat: &ChatId, agent: &EntityId) -> Vec<EntityId> {
    let Some(state) = world.chats.get(chat) else {
        return Vec::new();
    };
    answerers_of(world, &state.chat)
        .map(|other| &other.id)
        .filter(|other| *other != agent)
        .take(OTHERS_MAX)
        .cloned()
        .collect()
}

/// What of a chat an agent remembers and is for it, and `question`, which always comes last: what
/// was posted meanwhile is before it, and what the agent still has to answer is not there yet.
fn messages(
    world: &World,
    chat: &ChatId,
    agent: &Entity,
    question: &ChatMessage,
) -> Vec<ChatMessage> {
    let mut messages = world
        .chats
        .get(chat)
        .map_or_else(Vec::new, |state| remembered(world, state, agent, question));
    let kept = agent
        .agent
        .as_ref()
        .map_or(1, |agent| agent.context_messages);
    let kept = usize::try_from(kept).unwrap_or(1);
    let mut bytes = 0;
    let fitting = messages
        .iter()
        .rev()
        .take(kept.saturating_sub(1))
        .take_while(|message| {
            // As JSON a text may be six times as long.
            bytes += serde_json::to_string(&message.text).map_or(0, |json| json.len());
            bytes <= CONTEXT_BYTES_MAX
        })
        .count();
    messages.drain(..messages.len() - fitting);
    messages.push(question.clone());
    for message in &mut messages {
        message.answerers.clear();
    }
    messages
}

fn remembered(
    world: &World,
    state: &ChatState,
    agent: &Entity,
    question: &ChatMessage,
) -> Vec<ChatMessage> {
    let queue = state.queues.get(&agent.id);
    let waiting = queue.map(|queue| &queue.waiting);
    let is_waiting = |message: &ChatMessage| {
        waiting.is_some_and(|waiting| waiting.iter().any(|other| other.id == message.id))
    };
    let main_agent = main_agent(world, &state.chat);
    let dialect = dialect(world);
    since_cleared(world, state, &agent.id)
        .filter(|message| message.id != question.id && !is_waiting(message))
        .filter(|message| {
            let kind = match message.from_agent {
                true => SenderKind::Agent,
                false => sender_kind(world, &message.sender),
            };
            let message = Message {
                sender: message.sender.as_str(),
                kind,
                text: &message.text,
                main_agent,
            };
            ParsedMessage::new(dialect, message, &agent_ids(world)).is_shown_to(agent.id.as_str())
        })
        .cloned()
        .collect()
}
