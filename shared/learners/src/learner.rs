//! A processor that learns.

use contract::processor::{Markov, Regression, RegressionKind};
use serde_json::value::RawValue;

use crate::autoregression::Autoregression;
use crate::error::Error;
use crate::linear::Linear;
use crate::markov::MarkovMemory;
use crate::softmax::Softmax;
use crate::step::{Learned, Step};

/// A processor that learns, with what it has learned so far.
#[derive(Debug)]
pub struct Learner(Model);

#[derive(Debug)]
enum Model {
    Markov(MarkovMemory),
    Linear(Linear),
    Softmax(Softmax),
    Autoregression(Autoregression),
}

impl Learner {
    /// A Markov memory with these weights, or one that has learned nothing.
    ///
    /// # Errors
    /// [`Error::Malformed`] and [`Error::Mismatch`] when the weights are not those of such a processor.
    pub fn markov(config: &Markov, weights: Option<&[u8]>) -> Result<Self, Error> {
        let memory = match weights {
            Some(weights) => MarkovMemory::decode(config, weights)?,
            None => MarkovMemory::new(config),
        };
        Ok(Self(Model::Markov(memory)))
    }

    /// A regression with these weights, or one that has learned nothing.
    ///
    /// # Errors
    /// [`Error::Malformed`] and [`Error::Mismatch`] when the weights are not those of such a processor.
    pub fn regression(config: &Regression, weights: Option<&[u8]>) -> Result<Self, Error> {
        Ok(Self(match (config.kind, weights) {
            (RegressionKind::Linear, None) => Model::Linear(Linear::new(config)),
            (RegressionKind::Linear, Some(weights)) => {
                Model::Linear(Linear::decode(config, weights)?)
            }
            (RegressionKind::Softmax, None) => Model::Softmax(Softmax::new(config)),
            (RegressionKind::Softmax, Some(weights)) => {
                Model::Softmax(Softmax::decode(config, weights)?)
            }
            (RegressionKind::Autoregressive, None) => {
                Model::Autoregression(Autoregression::new(config))
            }
            (RegressionKind::Autoregressive, Some(weights)) => {
                Model::Autoregression(Autoregression::decode(config, weights)?)
            }
        }))
    }

    /// The output of a step.
    ///
    /// # Errors
    /// [`Error::InvalidSample`] when the sample is not what the processor reads, [`Error::Diverged`].
    pub fn forward(&mut self, step: &Step<'_>) -> Result<Box<RawValue>, Error> {
        match &mut self.0 {
            Model::Markov(memory) => {
                sequence_input(step)?;
                Ok(memory.forward(step.preceding))
            }
            Model::Linear(linear) => linear.forward(step.inputs),
            Model::Softmax(softmax) => softmax.forward(step.inputs),
            Model::Autoregression(autoregression) => {
                sequence_input(step)?;
                autoregression.forward(step.preceding)
            }
        }
    }

    /// Learns a step. One that fails changes nothing.
    ///
    /// # Errors
    /// [`Error::InvalidSample`], [`Error::NoTarget`] and [`Error::UnknownClass`] when there is nothing that
    /// the processor could learn, [`Error::Diverged`].
    pub fn learn(&mut self, step: &Step<'_>) -> Result<Learned, Error> {
        match &mut self.0 {
            Model::Markov(memory) => Ok(memory.learn(step, sequence_target(step)?)),
            Model::Linear(linear) => linear.learn(step),
            Model::Softmax(softmax) => softmax.learn(step),
            Model::Autoregression(autoregression) => {
                autoregression.learn(step, sequence_target(step)?)
            }
        }
    }

    /// All that it has learned, in a format with a version.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Diverged`].
    pub fn to_weights(&self) -> Result<Vec<u8>, Error> {
        match &self.0 {
            Model::Markov(memory) => memory.encode(),
            Model::Linear(linear) => linear.encode(),
            Model::Softmax(softmax) => softmax.encode(),
            Model::Autoregression(autoregression) => autoregression.encode(),
        }
    }
}

/// The sample of a sequence at a step.
fn sequence_input<'a>(step: &Step<'a>) -> Result<&'a RawValue, Error> {
    match step.inputs {
        [input] => Ok(input),
        inputs => {
            let detail = format!("{} inputs: a sequence is one", inputs.len());
            Err(Error::InvalidSample(detail))
        }
    }
}

/// What should follow the samples before: the sequence itself, when there is nothing else.
fn sequence_target<'a>(step: &Step<'a>) -> Result<&'a RawValue, Error> {
    let input = sequence_input(step)?;
    match step.targets {
        [] => Ok(input),
        [target] => Ok(target),
        targets => {
            let detail = format!("{} expected outputs: a sequence has one", targets.len());
            Err(Error::InvalidSample(detail))
        }
    }
}
