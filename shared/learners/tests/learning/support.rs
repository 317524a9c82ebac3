//! Runs over samples, as a worker makes them, and data.

use contract::processor::Processor;
use learners::{Error, Learned, Learner, Step};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

pub(crate) type Samples = Vec<Box<RawValue>>;

/// The samples of a run.
pub(crate) struct Run<'a> {
    pub(crate) inputs: &'a [Box<RawValue>],
    /// As many as inputs, or none.
    pub(crate) targets: &'a [Box<RawValue>],
    /// How many samples the runs before had.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

pub(crate) fn processor(json: Value) -> Processor {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn load(processor: &Processor, weights: Option<&[u8]>) -> Result<Learner, Error> {
    match processor {
        Processor::Markov(markov) => Learner::markov(markov, weights),
        Processor::Regression(regression) => Learner::regression(regression, weights),
        other => panic!("{other:?}"),
    }
}

/// Loads weights, learns, and encodes them again.
pub(crate) fn learn_run(
    processor: &Processor,
    weights: Option<&[u8]>,
    run: &Run<'_>,
) -> (Vec<u8>, Vec<Learned>) {
    let mut learner = load(processor, weights).unwrap();
    let learned = steps(processor, run, |step| learner.learn(step).unwrap());
    (learner.to_weights().unwrap(), learned)
}

/// Learns all samples in runs of a size.
pub(crate) fn learn(
    processor: &Processor,
    inputs: &[Box<RawValue>],
    targets: &[Box<RawValue>],
    size: usize,
) -> Vec<u8> {
    let mut weights = None;
    for first in (0..inputs.len()).step_by(size) {
        let count = size.min(inputs.len() - first);
        let run = Run {
            inputs,
            targets,
            first,
            count,
        };
        weights = Some(learn_run(processor, weights.as_deref(), &run).0);
    }
    weights.unwrap()
}

/// The outputs for all samples.
pub(crate) fn outputs(
    processor: &Processor,
    weights: Option<&[u8]>,
    inputs: &[Box<RawValue>],
) -> Vec<Value> {
    let mut learner = load(processor, weights).unwrap();
    let run = Run {
        inputs,
        targets: &[],
        first: 0,
        count: inputs.len(),
    };
    steps(processor, &run, |step| {
        serde_json::from_str(learner.forward(step).unwrap().get()).unwrap()
    })
}

fn steps<T>(processor: &Processor, run: &Run<'_>, mut take: impl FnMut(&Step<'_>) -> T) -> Vec<T> {
    let lookback = processor.lookback() as usize;
    let positions = run.first..run.first + run.count;
    let step = |position: usize| {
        let earlier = &run.inputs[position.saturating_sub(lookback)..position];
        let preceding: Vec<&RawValue> = earlier.iter().map(|sample| &**sample).collect();
        take(&Step {
            preceding: &preceding,
            inputs: &run.inputs[position..=position],
            targets: run.targets.get(position..=position).unwrap_or(&[]),
        })
    };
    positions.map(step).collect()
}

pub(crate) fn samples<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Samples {
    let samples = values
        .into_iter()
        .map(|value| to_raw_value(&value).unwrap());
    samples.collect()
}

/// Numbers from -1 to 1 that look random.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> f64 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }
}

/// Points around one of three centres, and the name of each.
pub(crate) fn animals(count: usize, seed: u64) -> (Samples, Samples) {
    const CENTRES: [(&str, [f64; 3]); 3] = [
        ("albatross", [1.0, 0.0, 0.0]),
        ("cheetah", [0.0, 1.0, 0.0]),
        ("giraffe", [0.0, 0.0, 1.0]),
    ];
    let mut random = Random(seed);
    let of = |index: usize| &CENTRES[index % 3];
    let points = (0..count).map(|index| of(index).1.map(|mean| mean + 0.4 * random.next()));
    let points = samples(points.collect::<Vec<_>>());
    (points, samples((0..count).map(|index| of(index).0)))
}

/// The share of outputs that are not as expected.
pub(crate) fn error_rate(outputs: &[Value], expected: &[Box<RawValue>]) -> f64 {
    let pairs = outputs.iter().zip(expected);
    let wrong = pairs.filter(|(output, expected)| {
        let expected: Value = serde_json::from_str(expected.get()).unwrap();
        **output != expected
    });
    wrong.count() as f64 / expected.len() as f64
}

/// The mean squared error of outputs that are numbers.
pub(crate) fn mean_squared(outputs: &[Value], expected: &[Box<RawValue>]) -> f64 {
    let pairs = outputs.iter().zip(expected);
    let squares = pairs.map(|(output, expected)| {
        let expected: f64 = serde_json::from_str(expected.get()).unwrap();
        (output.as_f64().unwrap() - expected).powi(2)
    });
    squares.sum::<f64>() / expected.len() as f64
}

pub(crate) fn linear() -> Processor {
    processor(json!({"regression": {"kind": "linear", "learning_rate": 0.5}}))
}
