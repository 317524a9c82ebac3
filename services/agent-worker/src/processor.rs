//! Processors: what turns the samples that an agent reads into those that it writes.

mod echo;
mod learner;
mod lesson;
mod remote;
mod sample;
mod script;
mod text;

use std::sync::Arc;

use bytes::Bytes;
use contract::Brain;
use contract::interaction::InteractionContext;
use contract::processor::Processor;
use manyworlds_sdk::{ActionCtx, Error, SampleBatch};
use serde_json::value::RawValue;

use crate::brain::ModelClient;

pub(crate) use lesson::Lesson;
pub(crate) use remote::RemoteProcessors;
pub(crate) use sample::{Output, Sample};

/// The built-in processors.
pub(crate) struct Processors {
    models: Arc<ModelClient>,
    remote: RemoteProcessors,
}

impl Processors {
    pub(crate) fn new(models: Arc<ModelClient>, remote: RemoteProcessors) -> Self {
        Self { models, remote }
    }

    /// Processes one sample with the processor of an agent.
    pub(crate) async fn forward(
        &self,
        sample: Sample<'_>,
        ctx: &mut ActionCtx,
    ) -> Result<Output, Error> {
        let config = sample.agent.agent.as_ref();
        let Some(config) = config else {
            let reason = format!("{} is not an agent", sample.agent.id);
            return Err(Error::failed("not_an_agent", reason));
        };
        match config.processor.as_deref() {
            Some(Processor::Echo {}) => echo::forward(sample),
            Some(Processor::Script(rules)) => script::forward(rules, sample).await,
            Some(Processor::Llm(llm)) => text::by_model(&self.models, llm, sample, ctx).await,
            Some(Processor::Markov(_) | Processor::Regression(_) | Processor::Http(_)) => {
                let reason = "this processor takes all samples of a run at once";
                Err(Error::failed("no_processor", reason))
            }
            Some(Processor::Function(_)) => Err(of_another_worker()),
            None => match &config.brain {
                Brain::Llm(llm) => text::by_model(&self.models, llm, sample, ctx).await,
                Brain::Script(rules) => text::by_brain_script(rules, sample, ctx).await,
                Brain::Function { .. } | Brain::Client {} => {
                    let reason = format!("{} has no processor", sample.agent.id);
                    Err(Error::failed("no_processor", reason))
                }
            },
        }
    }

    /// Processes the samples of a run with a processor that learns, as far as it gets. The first one that
    /// fails ends it.
    pub(crate) async fn forward_all(
        &self,
        processor: &Processor,
        interaction: &InteractionContext,
        ctx: &ActionCtx,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let batch = SampleBatch::read_inputs(interaction, processor.lookback(), ctx).await?;
        let weights = interaction.weights.as_deref();
        if let Processor::Http(http) = processor {
            return self.remote.forward(http, weights, &batch, ctx).await;
        }
        let weights = load_weights(weights, ctx).await?;
        learner::forward(learner_config(processor)?, weights, batch).await
    }

    /// Teaches the samples of a run to a processor that learns, as far as it gets. The first one that fails
    /// ends it.
    pub(crate) async fn learn(
        &self,
        processor: &Processor,
        interaction: &InteractionContext,
        weights: Option<&str>,
        ctx: &ActionCtx,
    ) -> Result<Lesson, Error> {
        let mut batch = SampleBatch::read(interaction, processor.lookback(), ctx).await?;
        if let Processor::Http(http) = processor {
            return self.remote.learn(http, weights, &mut batch, ctx).await;
        }
        let weights = load_weights(weights, ctx).await?;
        learner::learn(learner_config(processor)?, weights, batch).await
    }
}

async fn load_weights(version: Option<&str>, ctx: &ActionCtx) -> Result<Option<Bytes>, Error> {
    match version {
        Some(version) => Ok(Some(ctx.load_weights(version).await?)),
        None => Ok(None),
    }
}

/// The world requests its runs of the worker that offers its action. This one had another processor when it
/// was requested.
fn of_another_worker() -> Error {
    Error::failed("no_processor", "the processor is code of another worker")
}

fn learner_config(processor: &Processor) -> Result<learner::Config, Error> {
    match processor {
        Processor::Markov(config) => Ok(learner::Config::Markov(config.clone())),
        Processor::Regression(config) => Ok(learner::Config::Regression(config.clone())),
        Processor::Function(_) => Err(of_another_worker()),
        Processor::Script(_) | Processor::Echo {} | Processor::Llm(_) | Processor::Http(_) => Err(
            Error::failed("no_processor", "the processor does not learn"),
        ),
    }
}
