//! Processors: what turns the samples that an agent reads into those that it writes.

mod echo;
mod sample;
mod script;
mod text;

use std::sync::Arc;

use contract::Brain;
use contract::processor::Processor;
use sdk::{ActionCtx, Error};

use crate::brain::ModelClient;

pub(crate) use sample::{Output, Sample};

/// The built-in processors.
pub(crate) struct Processors {
    models: Arc<ModelClient>,
}

impl Processors {
    pub(crate) fn new(models: Arc<ModelClient>) -> Self {
        Self { models }
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
            Some(processor) => {
                let reason = format!("this worker has no such processor: {processor:?}");
                Err(Error::failed("no_processor", reason))
            }
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
}
