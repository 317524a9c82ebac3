use std::time::Duration;

use contract::interaction::InteractionContext;
use contract::run::RunResult;
use contract::{ActionName, Entity, Usage};
use sdk::{Action, ActionCtx, Error, RunFuture};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::turn_limit::{limit_turn, turn_deadline};
use crate::processor::{Processors, Sample};

/// A run that has taken this long reports what it has done, so that its progress is seen; the rest is
/// the next run's.
const REPORT_AFTER: Duration = Duration::from_secs(2);

/// Turns samples into others with the processor of an agent: one step of an interaction for each.
pub(crate) struct Process {
    pub(crate) name: ActionName,
    pub(crate) processors: Processors,
}

impl Action for Process {
    fn name(&self) -> &ActionName {
        &self.name
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
        let inputs = inputs(interaction, &ctx).await?;
        let limit = config.turn_timeout_seconds;
        let deadline = turn_deadline(limit, &ctx);
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
            if !result.samples.is_empty() && began.elapsed() > REPORT_AFTER {
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

/// The inputs of each step: one sample for each input of the processor.
async fn inputs(
    interaction: &InteractionContext,
    ctx: &ActionCtx,
) -> Result<Vec<Vec<Box<RawValue>>>, Error> {
    if !interaction.samples.is_empty() {
        let samples = interaction.samples.iter();
        return Ok(samples.map(|sample| vec![sample.clone()]).collect());
    }
    let count = interaction.step.count;
    let mut steps: Vec<Vec<Box<RawValue>>> = (0..count).map(|_| Vec::new()).collect();
    for bound in &interaction.streams.stdin {
        let samples = ctx.read_samples(&bound.stream, bound.from, count).await?;
        if samples.len() < steps.len() {
            let reason = format!("{} has too few samples", bound.stream);
            return Err(Error::transient(reason));
        }
        for (step, sample) in steps.iter_mut().zip(samples) {
            step.push(sample.value);
        }
    }
    Ok(steps)
}

fn add_usage(total: &mut Option<Usage>, usage: Option<Usage>) {
    let Some(usage) = usage else { return };
    match total {
        Some(total) => {
            total.input_tokens += usage.input_tokens;
            total.output_tokens += usage.output_tokens;
        }
        None => *total = Some(usage),
    }
}
