//! Processors behind HTTP: `POST URL/forward` and `POST URL/backward`.

mod address;
mod exchange;
mod message;

use bytes::Bytes;
use contract::processor::HttpProcessor;
use manyworlds_sdk::{ActionCtx, Error, SampleBatch};
use serde_json::value::{RawValue, to_raw_value};

use self::address::Addresses;
use self::exchange::{Exchange, Target};
use self::message::{BackwardResponse, ForwardResponse, Request};
use super::lesson::Lesson;
use crate::config::ProcessorsConfig;

/// A client of the processors behind HTTP that this worker may use.
pub(crate) struct RemoteProcessors {
    addresses: Addresses,
    exchange: Exchange,
}

impl RemoteProcessors {
    /// # Errors
    /// When an address of the configuration is invalid.
    pub(crate) fn new(config: &ProcessorsConfig) -> anyhow::Result<Self> {
        Ok(Self {
            addresses: Addresses::new(config)?,
            exchange: Exchange::new(config)?,
        })
    }

    /// The outputs of the steps of a batch: as many as fit in the result of a run.
    pub(super) async fn forward(
        &self,
        config: &HttpProcessor,
        weights: Option<&str>,
        batch: &SampleBatch,
        ctx: &ActionCtx,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        let target = self.target(config, "forward")?;
        let request = Request {
            samples: join(&batch.inputs)?,
            targets: None,
            weights,
            weights_data: None,
        };
        let count = request.samples.len();
        let response: ForwardResponse = self.send(&target, request, ctx).await?;
        let mut outputs = response.outputs;
        check_count(&target, "outputs", outputs.len(), count)?;
        while SampleBatch::is_full(&outputs) && outputs.len() > 1 {
            outputs.pop();
        }
        Ok(outputs)
    }

    /// Learns the steps of a batch: as many as have outputs that fit in the result of a run.
    pub(super) async fn learn(
        &self,
        config: &HttpProcessor,
        weights: Option<&str>,
        batch: &mut SampleBatch,
        ctx: &ActionCtx,
    ) -> Result<Lesson, Error> {
        loop {
            let lesson = self.learn_all(config, weights, batch, ctx).await?;
            let fits = lesson.outputs.len() == batch.inputs.len()
                && !SampleBatch::is_full(&lesson.outputs);
            if fits || !batch.halve() {
                return Ok(lesson);
            }
        }
    }

    async fn learn_all(
        &self,
        config: &HttpProcessor,
        weights: Option<&str>,
        batch: &SampleBatch,
        ctx: &ActionCtx,
    ) -> Result<Lesson, Error> {
        if batch.targets.iter().any(Vec::is_empty) {
            let reason = "there is nothing to learn from: bind a stream to stdtar";
            return Err(Error::failed("no_targets", reason));
        }
        let target = self.target(config, "backward")?;
        let request = Request {
            samples: join(&batch.inputs)?,
            targets: Some(join(&batch.targets)?),
            weights,
            weights_data: None,
        };
        let count = request.samples.len();
        let response: BackwardResponse = self.send(&target, request, ctx).await?;
        let new = target.decode_weights(&response.weights)?;
        if !response.loss.is_empty() {
            check_count(&target, "losses", response.loss.len(), count)?;
        }
        // The outputs before it learned: those of the weights that it began with.
        let outputs = match response.outputs {
            Some(outputs) => {
                check_count(&target, "outputs", outputs.len(), count)?;
                outputs
            }
            None => self.forward(config, weights, batch, ctx).await?,
        };
        Ok(Lesson {
            outputs,
            losses: response.loss,
            weights: new,
        })
    }

    fn target(&self, config: &HttpProcessor, method: &'static str) -> Result<Target, Error> {
        let (url, is_loopback) = self.addresses.resolve(&config.url, method)?;
        Ok(Target {
            url,
            is_loopback,
            method,
            timeout: config.timeout_seconds,
        })
    }

    /// Sends a request, and again with the weights themselves when the server does not have them.
    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        target: &Target,
        mut request: Request<'_>,
        ctx: &ActionCtx,
    ) -> Result<T, Error> {
        if let Some(response) = self.exchange.send(target, &request).await? {
            return Ok(response);
        }
        let version = request.weights.unwrap_or_default();
        let weights: Bytes = ctx.load_weights(version).await?;
        request.set_weights(&weights);
        let response = self.exchange.send(target, &request).await?;
        response.ok_or_else(|| target.invalid("it was sent weights, and does not know them"))
    }
}

/// One sample for each step: an array of them, when there are several inputs.
fn join(steps: &[Vec<Box<RawValue>>]) -> Result<Vec<Box<RawValue>>, Error> {
    let joined = steps.iter().map(|samples| match &samples[..] {
        [sample] => Ok(sample.clone()),
        samples => to_raw_value(samples),
    });
    let joined = joined.collect::<Result<_, _>>();
    joined.map_err(|error| Error::failed("invalid_sample", error.to_string()))
}

fn check_count(target: &Target, what: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(target.invalid(&format!("{found} {what} for {expected} samples")))
}
