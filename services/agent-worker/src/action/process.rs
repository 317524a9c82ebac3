use std::sync::Arc;
use std::time::Duration;

use contract::interaction::InteractionContext;
use contract::run::RunResult;
use contract::{ActionName, Entity};
use manyworlds_sdk::{Action, ActionCtx, Error, RunFuture, SampleBatch};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::turn_limit::{limit_turn, turn_deadline};
use crate::brain::add_usage;
use crate::processor::{Processors, Sample};

/// A run that has taken this long reports what it has done, so that its progress is seen; the rest is
/// the next run's.
const REPORT_AFTER: Duration = Duration::from_secs(2);

/// Turns samples into others with the processor of an agent: one step of an interaction for each.
pub(crate) struct Process {
    pub(crate) name: ActionName,
    pub(crate) processors: Arc<Processors>,
}

impl Action for Process {
    fn name(&self) -> &ActionName {
        &self.name
    }

    // Learners compute on threads of their own.
    fn never_blocks(&self) -> bool {
        true
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.process(ctx))
    }
}

impl Process {
    async fn process(&self, mut ctx: ActionCtx) -> Result<RunResult, Error> {
        ctx.mute();
        let context = ctx.context().await?;
        let (Some(config), Some(interaction)) = (&context.entity.agent, &context.interaction)
        else {
            let reason = format!(
                "{} is no agent that takes part in an interaction",
                context.entity.id
            );
            return Err(Error::failed("no_interaction", reason));
        };
        let limit = config.turn_timeout_seconds;
        let deadline = turn_deadline(limit, &ctx);
        if let Some(processor) = config.processor.as_deref().filter(|found| found.learns()) {
            let work = self.processors.forward_all(processor, interaction, &ctx);
            return Ok(RunResult {
                samples: limit_turn(deadline, limit, work).await?,
                ..RunResult::default()
            });
        }
        let batch = SampleBatch::read_inputs(interaction, 0, &ctx).await?;
        let inputs = batch.inputs;
        let work = self.process_all(&context.entity, interaction, inputs, deadline, &mut ctx);
        limit_turn(deadline, limit, work).await
    }

    /// Processes samples in their order, as far as it gets. The first one that fails ends the run, if it
    /// is the first of all: else the next run begins with it.
    async fn process_all(
        &self,
        agent: &Entity,
        interaction: &InteractionContext,
        inputs: Vec<Vec<Box<RawValue>>>,
        deadline: Instant,
        ctx: &mut ActionCtx,
    ) -> Result<RunResult, Error> {
        let began = Instant::now();
        let mut result = RunResult::default();
        for inputs in inputs {
            let is_late = !result.samples.is_empty() && began.elapsed() > REPORT_AFTER;
            if is_late || SampleBatch::is_full(&result.samples) {
                break;
            }
            let sample = Sample {
                agent,
                interaction,
                inputs: &inputs,
                deadline,
            };
            match self.processors.forward(sample, ctx).await {
                Ok(output) => {
                    result.samples.push(output.value);
                    add_usage(&mut result.usage, output.usage);
                }
                Err(error) if result.samples.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(result)
    }
}
