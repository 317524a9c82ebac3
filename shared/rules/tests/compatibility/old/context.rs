//! What a worker is told: as much of the world as it needs for one run.

use std::time::Duration;

use contract::brain::{Brain, Llm};
use contract::chat::ChatMessage;
use contract::mind::ThinkTask;
use contract::{ChatId, Entity, EntityId, Rejection, RunContext, RunId};

use super::state::{ChatState, World};
use super::talk::answer::{Heard, routed};
use super::talk::history::is_shown;
use super::talk::speaker::Speaker;
use super::talk::variables::Variables;
use super::{ability, invocation, message, minds, titles, tools};

/// The most text that a worker is told before the message to answer: it must fit in one reply.
const CONTEXT_BYTES_MAX: usize = 256 * 1024;
/// The end of a chat of which a title is made.
const TITLED_MESSAGES_MAX: usize = 6;
/// The longest prompt, its variables filled in.
const PROMPT_BYTES_MAX: usize = 256 * 1024;
/// Other agents that an agent is told of: more than it could address sensibly.
const OTHERS_MAX: usize = 64;

/// What a worker needs to know to run an invocation.
///
/// # Errors
/// [`RejectionCode::AlreadyEnded`](contract::RejectionCode::AlreadyEnded) when there is nothing left
/// to run.
pub fn context(world: &World, id: RunId) -> Result<RunContext, Rejection> {
    world.check_exists()?;
    let open = invocation::find(world, id)?;
    let mut agent = world.check_entity(&open.agent, "agent")?.clone();
    fill_prompt(world, &mut agent);
    let mut context = RunContext {
        entity: agent,
        messages: Vec::new(),
        others: Vec::new(),
        steps: Vec::new(),
        mcp_servers: tools::servers(world, &open.agent),
        call: None,
        offers: Vec::new(),
        situation: None,
    };
    if let Some(thinking) = open.thinking {
        context.situation = minds::situation(world, &open.agent, thinking);
        if thinking == ThinkTask::Decide {
            context.offers = ability::offered(world, &open.agent);
        }
        return Ok(context);
    }
    if let (Some(call), Some((chat, _))) = (&open.call, &open.answers) {
        context.call = tools::call(world, chat, &open.agent, call);
        return Ok(context);
    }
    if let Some((chat, question)) = &open.answers {
        if context
            .entity
            .agent
            .as_ref()
            .is_some_and(|agent| agent.tools.is_some())
        {
            context.offers = ability::offered(world, &open.agent);
        }
        context.steps = tools::steps(world, chat, &open.agent);
        context.messages = messages(world, chat, &context.entity, question);
        context.others = others(world, chat, &open.agent);
    }
    if let Some(state) = open.titles.as_ref().and_then(|chat| world.chats.get(chat)) {
        let skipped = state.tail.len().saturating_sub(TITLED_MESSAGES_MAX);
        context.messages = state.tail.iter().skip(skipped).cloned().collect();
        use_chat_model(world, &mut context.entity);
    }
    Ok(context)
}

fn fill_prompt(world: &World, agent: &mut Entity) {
    let (Some(description), Some(config)) = (&world.description, &mut agent.agent) else {
        return;
    };
    if let Brain::Llm(llm) = &mut config.brain {
        llm.system_prompt =
            Variables::parse(&description.variables).fill(&llm.system_prompt, PROMPT_BYTES_MAX);
    }
}

/// Lets an agent think of a title with the world's own model, if it has one.
fn use_chat_model(world: &World, agent: &mut Entity) {
    let (Some(model), Some(config)) = (titles::chat_model(world), &mut agent.agent) else {
        return;
    };
    let own = match &config.brain {
        Brain::Llm(llm) if llm.provider == model.provider => llm.base_url.clone(),
        _ => None,
    };
    config.brain = Brain::Llm(Box::new(Llm {
        provider: model.provider,
        model: model.model.clone(),
        base_url: model.base_url.clone().or(own),
        system_prompt: String::new(),
        temperature: None,
        tokens_max: None,
        call_timeout_seconds: Duration::from_secs(60),
    }));
}

fn others(world: &World, chat: &ChatId, agent: &EntityId) -> Vec<EntityId> {
    let Some(state) = world.chats.get(chat) else {
        return Vec::new();
    };
    world
        .answerers_of(&state.chat)
        .map(|other| &other.id)
        .filter(|other| *other != agent)
        .take(OTHERS_MAX)
        .cloned()
        .collect()
}

/// What of a chat an agent remembers and is for it, and `question`, which always comes last: what
/// was said meanwhile is before it, and what the agent still has to answer is not there yet.
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
    let waiting = state
        .answering
        .get(&agent.id)
        .map(|answering| &answering.waiting);
    let is_waiting = |message: &ChatMessage| {
        waiting.is_some_and(|waiting| waiting.iter().any(|other| other.id == message.id))
    };
    let forgotten = world.forgotten.get(&agent.id);
    let main_agent = message::main_agent(world, &state.chat);
    state
        .tail
        .iter()
        .filter(|message| message.id != question.id && !is_waiting(message))
        .filter(|message| forgotten.is_none_or(|until| message.at > *until))
        .filter(|message| {
            let speaker = match message.from_agent {
                true => Speaker::Agent,
                false => world.speaker(&message.sender),
            };
            let text = routed(&message.text, speaker, main_agent);
            let heard = Heard::new(message.sender.as_str(), speaker, &text);
            is_shown(agent.id.as_str(), &heard)
        })
        .cloned()
        .collect()
}
