//! Linear regression, by gradient steps.

use contract::processor::Regression;
use nalgebra::DVector;
use serde_json::value::RawValue;

use crate::affine::Affine;
use crate::codec::{Kind, Reader, Writer};
use crate::error::Error;
use crate::numbers::{parse_numbers, to_sample};
use crate::replay::{Example, ReplayMemory};
use crate::step::{Learned, Step};

/// Numbers from numbers.
#[derive(Debug)]
pub(crate) struct Linear {
    config: Regression,
    /// None before the first sample is learned, which decides about its size.
    map: Option<Affine>,
    replay: ReplayMemory,
}

impl Linear {
    pub(crate) fn new(config: &Regression) -> Self {
        Self {
            config: config.clone(),
            map: None,
            replay: ReplayMemory::new(config.replay.as_ref()),
        }
    }

    pub(crate) fn decode(config: &Regression, weights: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(weights, Kind::Linear)?;
        let map = Affine::decode_optional(&mut reader)?;
        if let Some(map) = &map {
            check_size(config.inputs, map.inputs(), "inputs")?;
            check_size(config.outputs, map.outputs(), "outputs")?;
        }
        let replay = ReplayMemory::decode(config.replay.as_ref(), &mut reader)?;
        reader.end()?;
        Ok(Self {
            config: config.clone(),
            map,
            replay,
        })
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::new(Kind::Linear);
        Affine::encode_optional(self.map.as_ref(), &mut writer)?;
        self.replay.encode(&mut writer);
        writer.finish()
    }

    pub(crate) fn forward(&self, inputs: &[Box<RawValue>]) -> Result<Box<RawValue>, Error> {
        let input = parse_numbers(inputs)?;
        to_sample(self.predict(&input)?.as_slice())
    }

    pub(crate) fn learn(&mut self, step: &Step<'_>) -> Result<Learned, Error> {
        if step.targets.is_empty() {
            return Err(Error::NoTarget);
        }
        let example = Example {
            input: parse_numbers(step.inputs)?,
            target: parse_numbers(step.targets)?,
        };
        self.prepare(&example)?;
        let output = self.predict(&example.input)?;
        let loss = error_of(&output, &example.target)?.norm_squared() / output.len() as f64;
        let output = to_sample(output.as_slice())?;
        if !loss.is_finite() {
            return Err(Error::Diverged);
        }
        // Nothing above changes what was learned: a sample that can't be learned leaves no trace.
        for earlier in self.replay.draw() {
            self.descend(&earlier)?;
        }
        for _ in 0..self.config.passes {
            self.descend(&example)?;
        }
        self.replay.add(example);
        Ok(Learned { output, loss })
    }

    /// The output; as many zeros as it is known to have, before anything was learned.
    fn predict(&self, input: &[f64]) -> Result<DVector<f64>, Error> {
        match &self.map {
            Some(map) => map.apply(input),
            None => {
                let outputs = self.config.outputs.unwrap_or(1);
                Ok(DVector::zeros(usize::try_from(outputs).unwrap_or(1)))
            }
        }
    }

    /// Makes the map as large as the first example.
    fn prepare(&mut self, example: &Example) -> Result<(), Error> {
        if self.map.is_some() {
            return Ok(());
        }
        let map = Affine::zero(example.target.len(), example.input.len())?;
        check_size(self.config.inputs, map.inputs(), "inputs").map_err(sample_error)?;
        check_size(self.config.outputs, map.outputs(), "outputs").map_err(sample_error)?;
        self.map = Some(map);
        Ok(())
    }

    fn descend(&mut self, example: &Example) -> Result<(), Error> {
        let Some(map) = &mut self.map else {
            return Ok(());
        };
        let slope = error_of(&map.apply(&example.input)?, &example.target)?;
        // Without this division the steps overshoot when the inputs are large (normalised least mean
        // squares: Haykin, "Adaptive Filter Theory").
        let length: f64 = example.input.iter().map(|number| number * number).sum();
        let rate = self.config.learning_rate / (1.0 + length);
        map.descend(rate, &slope, &example.input)
    }
}

fn error_of(output: &DVector<f64>, target: &[f64]) -> Result<DVector<f64>, Error> {
    if output.len() != target.len() {
        let (found, expected) = (target.len(), output.len());
        let detail = format!("a target of {found} numbers: there were {expected} before");
        return Err(Error::InvalidSample(detail));
    }
    Ok(output - DVector::from_column_slice(target))
}

/// Checks a size against the configuration.
fn check_size(configured: Option<u32>, found: usize, name: &str) -> Result<(), Error> {
    match configured {
        Some(expected) if usize::try_from(expected).ok() != Some(found) => {
            Err(Error::Mismatch(format!("{found} {name}, not {expected}")))
        }
        _ => Ok(()),
    }
}

/// The samples do not fit the configuration: there are no weights yet.
fn sample_error(error: Error) -> Error {
    match error {
        Error::Mismatch(detail) => Error::InvalidSample(format!("the sample has {detail}")),
        other => other,
    }
}
