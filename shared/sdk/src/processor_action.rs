//! A processor as an action.

use std::time::{Duration, Instant};

use bytes::Bytes;
use contract::interaction::InteractionContext;
use contract::processor::{FunctionProcessor, Processor as Config};
use contract::run::RunResult;
use contract::{ActionName, Entity};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::action::{Action, RunFuture};
use crate::action_ctx::ActionCtx;
use crate::error::Error;
use crate::processor::Processor;
use crate::processor_step::ProcessorStep;
use crate::sample_batch::SampleBatch;

/// A run that has worked for this long reports what it has done; the rest is the next run's. The outputs
/// and the weights are the same in the end.
const REPORT_AFTER: Duration = Duration::from_secs(2);

/// Runs a processor under the name by which agents refer to it.
///
/// A run that is delivered again reads the same weights and samples, and so stores the same version: that
/// is what makes a second attempt harmless.
pub(crate) struct ProcessorAction<P> {
    pub(crate) name: ActionName,
    pub(crate) processor: P,
}

/// What may be given to the action `learn`.
#[derive(Default, Deserialize)]
struct Arguments {
    /// Whether it begins without what was learned before.
    #[serde(default)]
    reset: bool,
}

/// The steps of a run, and what is the same in all of them.
struct Steps<'a> {
    agent: &'a Entity,
    config: &'a FunctionProcessor,
    batch: &'a SampleBatch,
}

/// What came of some steps.
struct Done<W> {
    outputs: Vec<Box<RawValue>>,
    losses: Vec<f64>,
    weights: W,
}

impl<P: Processor> Action for ProcessorAction<P> {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.run_processor(ctx))
    }
}

impl<P: Processor> ProcessorAction<P> {
    async fn run_processor(&self, mut ctx: ActionCtx) -> Result<RunResult, Error> {
        ctx.mute();
        let context = ctx.context().await?;
        let agent = &context.entity;
        let config = agent.agent.as_ref();
        let config = config.and_then(|config| config.processor.as_deref());
        let (Some(Config::Function(config)), Some(interaction)) = (config, &context.interaction)
        else {
            let reason = format!("{} has no processor of this worker", agent.id);
            return Err(Error::failed("no_processor", reason));
        };
        let lookback = config.lookback;
        let batch = if interaction.learn {
            SampleBatch::read(interaction, lookback, &ctx).await?
        } else {
            SampleBatch::read_inputs(interaction, lookback, &ctx).await?
        };
        let steps = Steps {
            agent,
            config,
            batch: &batch,
        };
        if interaction.learn {
            self.learn(&steps, interaction, &ctx).await
        } else {
            let mut samples = Vec::new();
            let weights = load(interaction.weights.as_deref(), &ctx).await?;
            let weights: P::Weights = decode(weights.as_ref())?;
            self.forward(&steps, &weights, &mut samples).await?;
            Ok(RunResult {
                samples,
                ..RunResult::default()
            })
        }
    }

    /// Processes the steps, as far as it gets: an error is that of the first one.
    async fn forward(
        &self,
        steps: &Steps<'_>,
        weights: &P::Weights,
        outputs: &mut Vec<Box<RawValue>>,
    ) -> Result<(), Error> {
        let began = Instant::now();
        let preceding = steps.all_preceding();
        for index in 0..steps.len() {
            if is_over(outputs, began) {
                break;
            }
            let step = steps.step(index, &preceding);
            let output = self.processor.forward(weights, &step).await;
            match output.and_then(|output| encode_sample(&output)) {
                Ok(output) => outputs.push(output),
                Err(error) if index == 0 => return Err(error),
                // What it has done is reported; the next run begins with the step that failed.
                Err(_) => break,
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn learn(
        &self,
        steps: &Steps<'_>,
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
        let version = interaction.weights.as_deref().filter(|_| !is_reset);
        let stored = load(version, ctx).await?;
        let (mut done, mut failed) = self
            .learn_steps(steps, stored.as_ref(), steps.len())
            .await?;
        while let Some(error) = failed {
            let count = done.outputs.len();
            if count == 0 {
                return Err(error);
            }
            // The step that failed may have changed the weights: those before it are learned again.
            (done, failed) = self.learn_steps(steps, stored.as_ref(), count).await?;
        }
        // They are stored before the run ends: a version that is in the log can be loaded.
        let version = ctx.store_weights(&encode(&done.weights)?).await?;
        Ok(RunResult {
            loss: mean(&done.losses),
            samples: done.outputs,
            weights: Some(version),
            ..RunResult::default()
        })
    }

    /// Learns at most so many steps, and what was wrong with the one that failed.
    async fn learn_steps(
        &self,
        steps: &Steps<'_>,
        stored: Option<&Bytes>,
        most: usize,
    ) -> Result<(Done<P::Weights>, Option<Error>), Error> {
        let began = Instant::now();
        let preceding = steps.all_preceding();
        let mut done = Done {
            outputs: Vec::new(),
            losses: Vec::new(),
            weights: decode::<P::Weights>(stored)?,
        };
        for index in 0..most {
            // A second pass over the same steps is to get as far as the first one.
            if most == steps.len() && is_over(&done.outputs, began) {
                break;
            }
            let step = steps.step(index, &preceding);
            match self.learn_step(&mut done.weights, &step).await {
                Ok((output, loss)) => {
                    done.outputs.push(output);
                    done.losses.push(loss);
                }
                Err(error) => return Ok((done, Some(error))),
            }
            tokio::task::yield_now().await;
        }
        Ok((done, None))
    }

    async fn learn_step(
        &self,
        weights: &mut P::Weights,
        step: &ProcessorStep<'_>,
    ) -> Result<(Box<RawValue>, f64), Error> {
        let output = self.processor.forward(weights, step).await?;
        let output = encode_sample(&output)?;
        let loss = self.processor.backward(weights, step).await?;
        if !loss.is_finite() {
            let reason = format!("the loss is {loss}");
            return Err(Error::failed("diverged", reason));
        }
        Ok((output, loss))
    }
}

impl<'a> Steps<'a> {
    fn len(&self) -> usize {
        self.batch.inputs.len()
    }

    /// The first inputs of the steps before and of these, in their order.
    fn all_preceding(&self) -> Vec<&'a RawValue> {
        let before = self.batch.preceding.iter();
        let firsts = self.batch.inputs.iter().filter_map(|inputs| inputs.first());
        before.chain(firsts).map(|sample| &**sample).collect()
    }

    fn step<'s>(&'s self, index: usize, all: &'s [&'a RawValue]) -> ProcessorStep<'s> {
        let end = (self.batch.preceding.len() + index).min(all.len());
        let lookback = usize::try_from(self.config.lookback).unwrap_or(usize::MAX);
        ProcessorStep {
            agent: self.agent,
            options: &self.config.options,
            preceding: &all[end.saturating_sub(lookback)..end],
            inputs: &self.batch.inputs[index],
            targets: &self.batch.targets[index],
        }
    }
}

/// Whether a run that has written something leaves the rest to the next one.
fn is_over(outputs: &[Box<RawValue>], began: Instant) -> bool {
    !outputs.is_empty() && (SampleBatch::is_full(outputs) || began.elapsed() > REPORT_AFTER)
}

async fn load(version: Option<&str>, ctx: &ActionCtx) -> Result<Option<Bytes>, Error> {
    match version {
        Some(version) => Ok(Some(ctx.load_weights(version).await?)),
        None => Ok(None),
    }
}

fn decode<W: Default + serde::de::DeserializeOwned>(bytes: Option<&Bytes>) -> Result<W, Error> {
    let Some(bytes) = bytes else {
        return Ok(W::default());
    };
    serde_json::from_slice(bytes).map_err(|error| {
        let reason = format!("the weights are those of another processor: {error}");
        Error::failed("malformed_weights", reason)
    })
}

/// The bytes of weights. They are decoded once, so that no version is stored that no run can go on with.
fn encode<W: serde::Serialize + serde::de::DeserializeOwned>(weights: &W) -> Result<Bytes, Error> {
    let invalid = |error: serde_json::Error| {
        let reason =
            format!("the weights can't be read again, their numbers may not be finite: {error}");
        Error::failed("diverged", reason)
    };
    let bytes = serde_json::to_vec(weights).map_err(invalid)?;
    serde_json::from_slice::<W>(&bytes).map_err(invalid)?;
    Ok(bytes.into())
}

fn encode_sample(sample: &serde_json::Value) -> Result<Box<RawValue>, Error> {
    to_raw_value(sample).map_err(|error| Error::failed("invalid_sample", error.to_string()))
}

fn mean(losses: &[f64]) -> Option<f64> {
    let count = u32::try_from(losses.len())
        .ok()
        .filter(|count| *count > 0)?;
    let mean = losses.iter().sum::<f64>() / f64::from(count);
    Some(mean).filter(|mean| mean.is_finite())
}
