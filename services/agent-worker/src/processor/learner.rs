//! The built-in processors that learn.

use std::time::{Duration, Instant};

use bytes::Bytes;
use contract::processor::{Markov, Regression};
use learners::{Learner, Step};
use manyworlds_sdk::{Error, SampleBatch};
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;

use super::lesson::Lesson;

/// A run that has learned for this long reports what it has learned; the rest is the next run's. The
/// weights are the same in the end.
const REPORT_AFTER: Duration = Duration::from_secs(2);

/// The configuration of a built-in processor that learns.
#[derive(Debug, Clone)]
pub(super) enum Config {
    Markov(Markov),
    Regression(Box<Regression>),
}

impl Config {
    fn load(&self, weights: Option<&[u8]>) -> Result<Learner, learners::Error> {
        match self {
            Self::Markov(config) => Learner::markov(config, weights),
            Self::Regression(config) => Learner::regression(config, weights),
        }
    }
}

/// The outputs of the steps of a batch, as far as it gets: an error is that of the first one.
pub(super) async fn forward(
    config: Config,
    weights: Option<Bytes>,
    batch: SampleBatch,
) -> Result<Vec<Box<RawValue>>, Error> {
    compute(move || {
        let mut learner = config.load(weights.as_deref())?;
        let mut outputs = Vec::new();
        steps(&batch, |step| {
            outputs.push(learner.forward(step)?);
            Ok(!SampleBatch::is_full(&outputs))
        })?;
        Ok(outputs)
    })
    .await
}

/// Learns the steps of a batch, as far as it gets: an error is that of the first one.
pub(super) async fn learn(
    config: Config,
    weights: Option<Bytes>,
    batch: SampleBatch,
) -> Result<Lesson, Error> {
    compute(move || {
        let mut learner = config.load(weights.as_deref())?;
        let (mut outputs, mut losses) = (Vec::new(), Vec::new());
        steps(&batch, |step| {
            let learned = learner.learn(step)?;
            outputs.push(learned.output);
            losses.push(learned.loss);
            Ok(!SampleBatch::is_full(&outputs))
        })?;
        Ok(Lesson {
            outputs,
            losses,
            weights: learner.to_weights()?.into(),
        })
    })
    .await
}

/// Takes the steps of a batch in their order, as long as there is room for more outputs.
fn steps(
    batch: &SampleBatch,
    mut take: impl FnMut(&Step<'_>) -> Result<bool, learners::Error>,
) -> Result<(), learners::Error> {
    let began = Instant::now();
    let mut preceding: Vec<&RawValue> = batch.preceding.iter().map(|sample| &**sample).collect();
    for (index, (inputs, targets)) in batch.inputs.iter().zip(&batch.targets).enumerate() {
        if index > 0 && began.elapsed() > REPORT_AFTER {
            break;
        }
        let step = Step {
            preceding: &preceding,
            inputs,
            targets,
        };
        match take(&step) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if index == 0 => return Err(error),
            // What it has done is reported; the next run begins with the step that failed.
            Err(_) => break,
        }
        preceding.extend(inputs.first().map(|sample| &**sample));
    }
    Ok(())
}

/// Runs on a thread of its own: a batch may take seconds.
async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, learners::Error> + Send + 'static,
) -> Result<T, Error> {
    match spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| Error::failed(error.code(), error.to_string())),
        Err(error) => Err(Error::transient(error.to_string())),
    }
}
