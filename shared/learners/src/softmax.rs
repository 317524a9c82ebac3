//! Softmax regression, by gradient steps.

mod classes;

use contract::processor::Regression;
use nalgebra::DVector;
use serde_json::value::RawValue;

use self::classes::Classes;
use crate::affine::Affine;
use crate::codec::{Kind, Reader, Writer};
use crate::error::Error;
use crate::numbers::{parse_numbers, to_sample};
use crate::replay::{Example, ReplayMemory};
use crate::step::{Learned, Step};

/// The least probability that a loss takes into account: its logarithm is finite.
const PROBABILITY_MIN: f64 = 1e-12;

/// Classes from numbers.
#[derive(Debug)]
pub(crate) struct Softmax {
    config: Regression,
    classes: Classes,
    /// None before the first sample is learned, which decides about its size.
    map: Option<Affine>,
    replay: ReplayMemory,
}

impl Softmax {
    pub(crate) fn new(config: &Regression) -> Self {
        Self {
            classes: Classes::new(config),
            config: config.clone(),
            map: None,
            replay: ReplayMemory::new(config.replay.as_ref()),
        }
    }

    pub(crate) fn decode(config: &Regression, weights: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(weights, Kind::Softmax)?;
        let classes = Classes::decode(config, &mut reader)?;
        let map = Affine::decode_optional(&mut reader)?;
        let inputs = map.as_ref().map(Affine::inputs);
        if let (Some(expected), Some(found)) = (config.inputs, inputs)
            && usize::try_from(expected).ok() != Some(found)
        {
            return Err(Error::Mismatch(format!("{found} inputs, not {expected}")));
        }
        if map
            .as_ref()
            .is_some_and(|map| map.outputs() != classes.len())
        {
            return Err(Error::Malformed("a matrix has another size"));
        }
        let replay = ReplayMemory::decode(config.replay.as_ref(), &mut reader)?;
        reader.end()?;
        Ok(Self {
            config: config.clone(),
            classes,
            map,
            replay,
        })
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::new(Kind::Softmax);
        self.classes.encode(&mut writer);
        Affine::encode_optional(self.map.as_ref(), &mut writer)?;
        self.replay.encode(&mut writer);
        writer.finish()
    }

    pub(crate) fn forward(&self, inputs: &[Box<RawValue>]) -> Result<Box<RawValue>, Error> {
        let input = parse_numbers(inputs)?;
        self.output(&self.predict(&input)?)
    }

    pub(crate) fn learn(&mut self, step: &Step<'_>) -> Result<Learned, Error> {
        let input = parse_numbers(step.inputs)?;
        self.check_inputs(input.len())?;
        let target = self.classes.target(step.targets)?;
        let predicted = self.predict(&input)?;
        let output = self.output(&predicted)?;
        let loss = cross_entropy(&predicted, &target.probabilities);
        // Nothing above changes what was learned: a sample that can't be learned leaves no trace.
        if let Some(class) = target.new_class {
            self.add_class(class)?;
        }
        if self.map.is_none() {
            self.map = Some(Affine::zero(self.classes.len(), input.len())?);
        }
        let example = Example {
            input,
            target: target.probabilities,
        };
        for earlier in self.replay.draw() {
            self.descend(&earlier)?;
        }
        for _ in 0..self.config.passes {
            self.descend(&example)?;
        }
        self.replay.add(example);
        Ok(Learned { output, loss })
    }

    fn check_inputs(&self, found: usize) -> Result<(), Error> {
        let configured = self
            .config
            .inputs
            .and_then(|inputs| usize::try_from(inputs).ok());
        let expected = self.map.as_ref().map(Affine::inputs).or(configured);
        match expected {
            Some(expected) if expected != found => {
                let detail = format!("an input of {found} numbers, not {expected}");
                Err(Error::InvalidSample(detail))
            }
            _ => Ok(()),
        }
    }

    fn add_class(&mut self, class: Box<RawValue>) -> Result<(), Error> {
        if let Some(map) = &mut self.map {
            map.add_output()?;
        }
        self.classes.add(class);
        Ok(())
    }

    /// The probability of each class; the same for all, before anything was learned.
    fn predict(&self, input: &[f64]) -> Result<DVector<f64>, Error> {
        let scores = match &self.map {
            Some(map) => map.apply(input)?,
            None => DVector::zeros(self.classes.len()),
        };
        if scores.is_empty() {
            return Ok(scores);
        }
        let greatest = scores.max();
        if !greatest.is_finite() {
            return Err(Error::Diverged);
        }
        // `libm` is the same everywhere; the exponential function of the standard library is not.
        let powers = scores.map(|score| libm::exp(score - greatest));
        Ok(&powers / powers.sum())
    }

    fn output(&self, probabilities: &DVector<f64>) -> Result<Box<RawValue>, Error> {
        match self.classes.name(probabilities.as_slice()) {
            Some(name) => Ok(name),
            None => to_sample(probabilities.as_slice()),
        }
    }

    fn descend(&mut self, example: &Example) -> Result<(), Error> {
        let mut slope = self.predict(&example.input)?;
        for (slope, target) in slope.iter_mut().zip(&example.target) {
            *slope -= target;
        }
        match &mut self.map {
            Some(map) => map.descend(self.config.learning_rate, &slope, &example.input),
            None => Ok(()),
        }
    }
}

/// The cross entropy of what was predicted. The target may have a class more, or end before the last ones.
fn cross_entropy(predicted: &DVector<f64>, target: &[f64]) -> f64 {
    let losses = target.iter().enumerate().map(|(class, target)| {
        let probability = predicted.get(class).copied().unwrap_or(0.0);
        -target * libm::log(probability.max(PROBABILITY_MIN))
    });
    // A sum of negative zeros is one: it would be read as a loss below 0.
    losses.sum::<f64>().max(0.0)
}
