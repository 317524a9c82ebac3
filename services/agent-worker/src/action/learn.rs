use std::sync::Arc;

use contract::ActionName;
use contract::interaction::InteractionContext;
use contract::processor::Processor;
use contract::run::RunResult;
use manyworlds_sdk::{Action, ActionCtx, Error, RunFuture};
use serde::Deserialize;

use super::turn_limit::{limit_turn, turn_deadline};
use crate::processor::Processors;

/// Teaches samples to the processor of an agent: one step of an interaction for each.
///
/// A run that is delivered again reads the same weights and samples, and so stores the same version: that
/// is what makes a second attempt harmless.
pub(crate) struct Learn {
    pub(crate) name: ActionName,
    pub(crate) processors: Arc<Processors>,
}

/// What may be given to the action.
#[derive(Default, Deserialize)]
struct Arguments {
    /// Whether it begins without what was learned before.
    #[serde(default)]
    reset: bool,
}

impl Action for Learn {
    fn name(&self) -> &ActionName {
        &self.name
    }

    // Learners compute on threads of their own.
    fn never_blocks(&self) -> bool {
        true
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.learn(ctx))
    }
}

impl Learn {
    async fn learn(&self, mut ctx: ActionCtx) -> Result<RunResult, Error> {
        ctx.mute();
        let context = ctx.context().await?;
        let Some(interaction) = &context.interaction else {
            let reason = format!("{} takes part in no interaction", context.entity.id);
            return Err(Error::failed("no_interaction", reason));
        };
        let config = context.entity.agent.as_ref();
        let processor = config.and_then(|config| Some((config, config.processor.as_deref()?)));
        let Some((config, processor)) = processor else {
            let reason = format!("{} has no processor", context.entity.id);
            return Err(Error::failed("no_processor", reason));
        };
        let limit = config.turn_timeout_seconds;
        let deadline = turn_deadline(limit, &ctx);
        limit_turn(deadline, limit, self.teach(processor, interaction, &ctx)).await
    }

    async fn teach(
        &self,
        processor: &Processor,
        interaction: &InteractionContext,
        ctx: &ActionCtx,
    ) -> Result<RunResult, Error> {
        let arguments = ctx.request().arguments.as_deref();
        let arguments = arguments.map(|arguments| serde_json::from_str(arguments.get()));
        let arguments: Arguments = arguments
            .transpose()
            .map_err(|error| Error::failed("bad_arguments", error.to_string()))?
            .unwrap_or_default();
        let is_reset = arguments.reset && interaction.step.first == 0;
        let weights = interaction.weights.as_deref().filter(|_| !is_reset);
        let lesson = self
            .processors
            .learn(processor, interaction, weights, ctx)
            .await?;
        // They are stored before the run ends: a version that is in the log can be loaded.
        let version = ctx.store_weights(&lesson.weights).await?;
        Ok(RunResult {
            loss: lesson.mean_loss(),
            samples: lesson.outputs,
            weights: Some(version),
            ..RunResult::default()
        })
    }
}
