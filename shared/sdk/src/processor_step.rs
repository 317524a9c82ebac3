//! What a processor gets for one sample.

use contract::Entity;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Error;

/// One step of an interaction.
#[derive(Clone, Copy)]
pub struct ProcessorStep<'a> {
    /// Whose processor it is.
    pub agent: &'a Entity,
    /// The options of the processor in the agent's configuration.
    pub options: &'a Map<String, Value>,
    /// The inputs of the steps before, oldest first: `lookback` of the configuration, or as many as
    /// there are.
    pub preceding: &'a [&'a RawValue],
    /// One sample for each input stream.
    pub inputs: &'a [Box<RawValue>],
    /// One sample for each stream of expected outputs. Empty, unless it is to learn.
    pub targets: &'a [Box<RawValue>],
}

impl ProcessorStep<'_> {
    /// The sample of the only input.
    ///
    /// # Errors
    /// [`Error::Failed`] with `invalid_sample` when there are several, or it has another form.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode_only(self.inputs, "invalid_sample", "input")
    }

    /// The expected output, when there is one.
    ///
    /// # Errors
    /// [`Error::Failed`] with `no_targets` when there is none, or it has another form.
    pub fn target<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode_only(self.targets, "no_targets", "expected output")
    }
}

fn decode_only<T: DeserializeOwned>(
    samples: &[Box<RawValue>],
    code: &str,
    what: &str,
) -> Result<T, Error> {
    let [sample] = samples else {
        let reason = format!("{} samples as {what}; one is read", samples.len());
        return Err(Error::failed(code, reason));
    };
    serde_json::from_str(sample.get())
        .map_err(|error| Error::failed(code, format!("the {what}: {error}")))
}
