//! Agents that act by themselves: what they decide, and what they remember in short.

mod full;
mod llm;
mod script;
mod told;

use contract::mind::{MindContext, MindUpdate};
use contract::tool::ToolCall;
use contract::{AgentConfig, Brain, RunContext, Usage};
use sdk::{Call, Error};
use tokio::time::Instant;

use super::llm::Models;

pub(crate) use full::reminded;

/// What an agent with a mind thinks about.
#[derive(Clone, Copy)]
pub(crate) struct Minded<'a> {
    pub(crate) context: &'a RunContext,
    pub(crate) config: &'a AgentConfig,
    pub(crate) situation: &'a MindContext,
    /// A decision that comes later is of no use.
    pub(crate) until: Instant,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    pub(crate) thought: MindUpdate,
    /// The abilities that it uses.
    pub(crate) calls: Vec<ToolCall>,
    /// What it said to itself.
    pub(crate) said: Option<String>,
    pub(crate) usage: Option<Usage>,
}

/// Decides what an agent does next.
pub(crate) async fn decide(
    models: &Models,
    minded: Minded<'_>,
    call: &mut Call,
) -> Result<Decided, Error> {
    match &minded.config.brain {
        Brain::Script(rules) => script::decide(rules, minded),
        Brain::Llm(model) => llm::decide(models, model, minded, call).await,
        Brain::Function { .. } | Brain::Client {} => Err(not_this(minded)),
    }
}

/// Sums up what an agent forgets, and what it has summed up before.
pub(crate) async fn summarise(
    models: &Models,
    minded: Minded<'_>,
    call: &mut Call,
) -> Result<(String, Option<Usage>), Error> {
    let paragraphs = minded
        .config
        .mind
        .as_ref()
        .map_or(1, |mind| mind.memory.paragraphs);
    match &minded.config.brain {
        Brain::Script(_) => Ok((script::summarise(minded.situation, paragraphs), None)),
        Brain::Llm(model) => llm::summarise(models, model, minded, paragraphs, call).await,
        Brain::Function { .. } | Brain::Client {} => Err(not_this(minded)),
    }
}

/// It was asked before somebody else began to think for the agent.
fn not_this(minded: Minded<'_>) -> Error {
    let reason = format!("others think for {}", minded.context.entity.id);
    Error::failed("not_this_brain", reason)
}
