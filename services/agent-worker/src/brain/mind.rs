//! Agents that act by themselves: decisions, and summaries of memory.

mod llm;
mod placeholders;
mod prompt;
mod recall;
mod script;
mod task;

use contract::action::ActOutput;
use contract::{Brain, Usage};
use manyworlds_sdk::{ActionCtx, Error};

use super::llm::ModelClient;

pub(crate) use recall::recall;
pub(crate) use task::MindTask;

/// Decides what an agent does next.
pub(crate) async fn decide(
    models: &ModelClient,
    task: MindTask<'_>,
    ctx: &mut ActionCtx,
) -> Result<ActOutput, Error> {
    match &task.config.brain {
        Brain::Script(rules) => script::decide(rules, task),
        Brain::Llm(model) => llm::decide(models, model, task, ctx).await,
        Brain::Function { .. } | Brain::Client {} => Err(not_this_brain(task)),
    }
}

/// Summarises the memory that an agent is about to lose, together with its last summary.
pub(crate) async fn summarise(
    models: &ModelClient,
    task: MindTask<'_>,
    ctx: &mut ActionCtx,
) -> Result<(String, Option<Usage>), Error> {
    let paragraphs = task
        .config
        .mind
        .as_ref()
        .map_or(1, |mind| mind.memory.paragraphs);
    match &task.config.brain {
        Brain::Script(_) => Ok((script::summarise(task.mind, paragraphs), None)),
        Brain::Llm(model) => llm::summarise(models, model, task, paragraphs, ctx).await,
        Brain::Function { .. } | Brain::Client {} => Err(not_this_brain(task)),
    }
}

/// The run was requested before the brain became a function or a client.
fn not_this_brain(task: MindTask<'_>) -> Error {
    let reason = format!(
        "the brain of {} is a function or a client",
        task.context.entity.id
    );
    Error::failed("not_this_brain", reason)
}
