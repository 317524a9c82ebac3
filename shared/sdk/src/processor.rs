//! Processors in Rust, for agents whose processor is `{"function": {"action": NAME}}`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::processor_step::ProcessorStep;

/// What turns the samples that an agent reads into those that it writes, one for one, and may learn.
///
/// ```
/// use manyworlds_sdk::{Error, Processor, ProcessorStep};
/// use serde::{Deserialize, Serialize};
/// use serde_json::{Value, json};
///
/// /// Writes the mean of all numbers that it was taught.
/// struct RunningMean;
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Taught {
///     count: u64,
///     sum: f64,
/// }
///
/// impl Processor for RunningMean {
///     type Weights = Taught;
///
///     async fn forward(&self, taught: &Taught, _: &ProcessorStep<'_>) -> Result<Value, Error> {
///         Ok(json!(taught.sum / taught.count.max(1) as f64))
///     }
///
///     async fn backward(&self, taught: &mut Taught, step: &ProcessorStep<'_>) -> Result<f64, Error> {
///         let number: f64 = step.input()?;
///         let error = number - taught.sum / taught.count.max(1) as f64;
///         taught.count += 1;
///         taught.sum += number;
///         Ok(error * error)
///     }
/// }
///
/// let worker = manyworlds_sdk::Worker::builder().processor("running_mean", RunningMean);
/// ```
///
/// An agent has it as `processor: {function: {action: running_mean, learns: true}}`.
///
/// A run does up to 256 steps, one after the other, and what comes of them does not depend on how they were
/// divided into runs: as long as the methods compute the same from the same weights and samples, and from
/// nothing else. Then a run that is attempted again stores the same version of the weights.
pub trait Processor: Send + Sync + 'static {
    /// What it has learned. A version of it is its JSON, 16 MiB at most: use ordered maps, since the order
    /// of a hash map is another one in each process, and finite numbers, since JSON has no others.
    type Weights: Default + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Processes one sample: the output.
    fn forward(
        &self,
        weights: &Self::Weights,
        step: &ProcessorStep<'_>,
    ) -> impl Future<Output = Result<Value, Error>> + Send;

    /// Learns one sample, after it was processed: the loss, a finite number. An agent is requested to learn
    /// only if its configuration has `learns: true`.
    ///
    /// When it fails, the weights that it was given are discarded.
    fn backward(
        &self,
        weights: &mut Self::Weights,
        step: &ProcessorStep<'_>,
    ) -> impl Future<Output = Result<f64, Error>> + Send {
        let _ = (weights, step);
        async {
            let reason = "the processor has no backward pass";
            Err(Error::failed("processor_does_not_learn", reason))
        }
    }
}
