//! What a worker gets: as much of the world as it needs for one run, which follows from its purpose.

use std::time::Duration;

use contract::brain::{Llm, Provider};
use contract::mind::ThinkTask;
use contract::world::ChatDialect;
use contract::{Brain, Entity, EntityId, EntityKind, Purpose, Rejection, RunContext, RunId};

use crate::abilities::available;
use crate::chats::{chat_model, conversation, title_messages};
use crate::entities::require_entity;
use crate::flows::node_context;
use crate::interactions::interaction_context;
use crate::minds::mind_context;
use crate::runs::require_open;
use crate::text::Variables;
use crate::tools::{self, LoopOwner};
use crate::world::World;
use crate::worlds::require_world;

/// The longest prompt, its variables filled in.
const PROMPT_BYTES_MAX: usize = 256 * 1024;
/// A request for a title may take this long.
const TITLE_TIMEOUT: Duration = Duration::from_secs(60);

/// What a worker needs to execute a run.
///
/// # Errors
/// [`RejectionCode::AlreadyEnded`](contract::RejectionCode::AlreadyEnded) when there is nothing left
/// to execute.
pub fn context(world: &World, id: RunId) -> Result<RunContext, Rejection> {
    require_world(world)?;
    let run = require_open(world, id)?;
    // A node of a flow without an agent is the world's own.
    let mut entity = if run.entity == EntityId::world() {
        Entity::new(EntityId::world(), EntityKind::Object)
    } else {
        require_entity(world, &run.entity, "agent")?.clone()
    };
    fill_prompt(world, &mut entity);
    let mut context = RunContext {
        entity,
        messages: Vec::new(),
        others: Vec::new(),
        steps: Vec::new(),
        mcp_servers: tools::servers(world, &run.entity),
        call: None,
        offers: Vec::new(),
        situation: None,
        interaction: None,
        node: None,
    };
    match &run.purpose {
        Purpose::Decide => {
            context.situation = mind_context(world, &run.entity, ThinkTask::Decide);
            context.offers = available(world, &run.entity);
        }
        Purpose::Summarise => {
            context.situation = mind_context(world, &run.entity, ThinkTask::Summarise);
        }
        Purpose::ToolCall { .. } => {
            if let Some((owner, call)) = LoopOwner::of_call(&run.purpose, &run.entity) {
                context.call = tools::call_of(world, &owner, call);
            }
        }
        Purpose::Answer(_) => add_conversation(world, id, &mut context),
        Purpose::Title { chat } => {
            if let Some(messages) = title_messages(world, chat) {
                context.messages = messages;
                use_chat_model(world, &mut context.entity);
            }
        }
        Purpose::Interaction(step) => {
            let found = interaction_context(world, &run.entity, *step);
            context.interaction = found.map(Box::new);
        }
        Purpose::Node(step) => {
            if let Some((node, messages)) = node_context(world, id, &run.entity, step) {
                context.node = Some(Box::new(node));
                context.messages = messages;
                add_offers(world, &mut context);
            }
        }
        Purpose::Ability { .. } | Purpose::Requested => {}
    }
    Ok(context)
}

/// What an agent knows that answers a message.
fn add_conversation(world: &World, id: RunId, context: &mut RunContext) {
    let Some((chat, question)) = world.chats.question(id) else {
        return;
    };
    add_offers(world, context);
    let agent = &context.entity;
    let owner = LoopOwner {
        chat: chat.clone(),
        agent: agent.id.clone(),
    };
    context.steps = tools::steps(world, &owner);
    let conversation = conversation(world, chat, agent, question);
    context.messages = conversation.messages;
    context.others = conversation.others;
}

/// The abilities that an agent with tools may call.
fn add_offers(world: &World, context: &mut RunContext) {
    let agent = &context.entity;
    let config = agent.agent.as_ref();
    if config.is_some_and(|config| config.tools.is_some()) {
        context.offers = available(world, &agent.id);
    }
}

fn fill_prompt(world: &World, agent: &mut Entity) {
    let (Some(description), Some(config)) = (&world.description, &mut agent.agent) else {
        return;
    };
    if let Brain::Llm(llm) = &mut config.brain {
        let variables = Variables::parse(&description.variables);
        llm.system_prompt = variables.fill(&llm.system_prompt, PROMPT_BYTES_MAX);
        let effort = &mut llm.options.reasoning_effort;
        if effort.is_none() && description.chat_dialect == ChatDialect::AgentWorld {
            *effort = reasoning_effort(&variables, llm.provider);
        }
    }
}

/// How much models reason that have no setting of their own: clients of Agent World set it for a whole world,
/// as a variable. Not every provider has a word for `none`.
fn reasoning_effort(variables: &Variables<'_>, provider: Provider) -> Option<String> {
    let effort = variables.get("reasoning_effort")?.to_lowercase();
    match (effort.as_str(), provider) {
        ("" | "default", _) | ("none", Provider::Anthropic | Provider::Gemini) => None,
        ("none", Provider::Ollama) => Some("false".to_owned()),
        _ => Some(effort),
    }
}

/// Lets an agent find a title with the world's own model, if it has one.
fn use_chat_model(world: &World, agent: &mut Entity) {
    let (Some(model), Some(config)) = (chat_model(world), &mut agent.agent) else {
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
        call_timeout_seconds: TITLE_TIMEOUT,
        options: Default::default(),
    }));
}
