use std::sync::Arc;

use contract::action::SummariseOutput;
use contract::mind::{Summary, ThinkTask};
use contract::run::RunResult;
use contract::{ActionName, RunContext};
use manyworlds_sdk::{Action, ActionCtx, Error, RunFuture};
use service_kit::ErrorChain;
use tracing::warn;

use super::agent_span::in_agent_span;
use super::turn_limit::{limit_turn, turn_deadline};
use crate::brain::ModelClient;
use crate::brain::mind::{self, MindTask};

/// Decides what an agent with a mind does next, or summarises its memory: the actions `act` and
/// `summarise`.
pub(crate) struct Act {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<ModelClient>,
}

impl Action for Act {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(in_agent_span(ctx, |ctx| self.think(ctx)))
    }

    fn never_blocks(&self) -> bool {
        true
    }
}

impl Act {
    async fn think(&self, mut ctx: ActionCtx) -> Result<RunResult, Error> {
        // Thoughts are published when they are complete.
        ctx.mute();
        let mut context = ctx.context().await?;
        load_full_memory(&mut context, &ctx).await;
        let (Some(config), Some(mind)) = (&context.entity.agent, &context.situation) else {
            let reason = format!("there is no decision to take for {}", context.entity.id);
            return Err(Error::failed("no_mind", reason));
        };
        let limit = config.turn_timeout_seconds;
        let deadline = turn_deadline(limit, &ctx);
        let task = MindTask {
            context: &context,
            config,
            mind,
            deadline,
        };
        let thinking = async {
            match mind.thinking {
                ThinkTask::Decide => {
                    let decision = mind::decide(&self.models, task, &mut ctx).await?;
                    Ok(decision.into())
                }
                ThinkTask::Summarise => Ok(self.summarise(task, &mut ctx).await?.into()),
            }
        };
        limit_turn(deadline, limit, thinking).await
    }

    async fn summarise(
        &self,
        task: MindTask<'_>,
        ctx: &mut ActionCtx,
    ) -> Result<SummariseOutput, Error> {
        let Some(last) = task.mind.memory.last() else {
            return Ok(SummariseOutput::default());
        };
        let (text, usage) = mind::summarise(&self.models, task, ctx).await?;
        let summary = Summary {
            text,
            until: last.id,
        };
        Ok(SummariseOutput {
            summary: Some(summary),
            usage,
        })
    }
}

/// Adds all that the agent ever received to its memory, if its mind is configured so. Without an
/// archive the agent has the memory that is in its world's state.
async fn load_full_memory(context: &mut RunContext, ctx: &ActionCtx) {
    let mind = context
        .entity
        .agent
        .as_ref()
        .and_then(|agent| agent.mind.as_ref());
    let is_wanted = mind.is_some_and(|mind| mind.memory.full);
    let Some(mind) = context
        .situation
        .as_mut()
        .filter(|mind| is_wanted && mind.thinking == ThinkTask::Decide)
    else {
        return;
    };
    match ctx.received_events().await {
        Ok(rows) => mind.memory = mind::recall(&rows, &mind.memory),
        Err(error) => {
            warn!(error = %ErrorChain(&error), "archive unavailable, full memory omitted");
        }
    }
}
