//! The classes of a softmax regression.

use contract::processor::Regression;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::codec::{Reader, Writer};
use crate::error::Error;
use crate::numbers::parse_numbers;

/// The most classes: each has a row of the weights.
const CLASSES_MAX: usize = 1000;
/// The longest name of a class.
const NAME_BYTES_MAX: usize = 1024;
/// How far the sum of probabilities may be from 1.
const SUM_TOLERANCE: f64 = 1e-6;

/// The classes, by their index.
#[derive(Debug)]
pub(super) enum Classes {
    /// So many, without names.
    Numbered(usize),
    /// Names, as JSON.
    Named {
        names: Vec<Box<RawValue>>,
        /// Whether there are no others.
        is_closed: bool,
    },
}

/// What an output should have been.
pub(super) struct Target {
    /// The probability of each class; 0 for those behind its end.
    pub(super) probabilities: Vec<f64>,
    /// The class that is not there yet, behind all others.
    pub(super) new_class: Option<Box<RawValue>>,
}

impl Classes {
    pub(super) fn new(config: &Regression) -> Self {
        if let Some(outputs) = config.outputs {
            return Self::Numbered(usize::try_from(outputs).unwrap_or(usize::MAX));
        }
        let names = config.classes.iter().map(to_raw_value);
        Self::Named {
            // A text is always JSON.
            names: names.filter_map(Result::ok).collect(),
            is_closed: !config.classes.is_empty(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbered(count) => *count,
            Self::Named { names, .. } => names.len(),
        }
    }

    /// The name of the most probable class, the first of them; null when there is none. `None` when the
    /// classes have no names.
    pub(super) fn name(&self, probabilities: &[f64]) -> Option<Box<RawValue>> {
        let Self::Named { names, .. } = self else {
            return None;
        };
        let mut best = None;
        for (index, probability) in probabilities.iter().enumerate() {
            if best.is_none_or(|(_, greatest)| *probability > greatest) {
                best = Some((index, *probability));
            }
        }
        let name = best.and_then(|(index, _)| names.get(index));
        Some(name.cloned().unwrap_or_else(|| RawValue::NULL.to_owned()))
    }

    /// What the samples of a target mean.
    pub(super) fn target(&self, samples: &[Box<RawValue>]) -> Result<Target, Error> {
        match self {
            Self::Numbered(count) => numbered(*count, samples),
            Self::Named { names, is_closed } => named(names, *is_closed, samples),
        }
    }

    pub(super) fn add(&mut self, name: Box<RawValue>) {
        if let Self::Named { names, .. } = self {
            names.push(name);
        }
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        match self {
            Self::Numbered(count) => {
                writer.u32(0);
                writer.len(*count);
            }
            Self::Named { names, .. } => {
                writer.u32(1);
                writer.len(names.len());
                for name in names {
                    writer.text(name.get());
                }
            }
        }
    }

    pub(super) fn decode(config: &Regression, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let configured = Self::new(config);
        let is_named = reader.u32()? == 1;
        let found = if is_named {
            let mut names = Vec::new();
            for _ in 0..reader.len(size_of::<u32>())? {
                let name = RawValue::from_string(reader.text()?.to_owned());
                names.push(name.map_err(|_| Error::Malformed("a class is no JSON"))?);
            }
            Self::Named {
                names,
                is_closed: !config.classes.is_empty(),
            }
        } else {
            Self::Numbered(usize::try_from(reader.u32()?).unwrap_or(usize::MAX))
        };
        match configured.accepts(&found) {
            true => Ok(found),
            false => Err(Error::Mismatch("they are of other classes".to_owned())),
        }
    }

    /// Whether weights of these classes fit the configuration.
    fn accepts(&self, found: &Self) -> bool {
        match (self, found) {
            (Self::Numbered(expected), Self::Numbered(found)) => expected == found,
            (
                Self::Named {
                    names: expected,
                    is_closed,
                },
                Self::Named { names, .. },
            ) => {
                let same = expected.iter().map(|name| name.get());
                !is_closed || same.eq(names.iter().map(|name| name.get()))
            }
            _ => false,
        }
    }
}

/// The index of a class, or the probability of each.
fn numbered(count: usize, samples: &[Box<RawValue>]) -> Result<Target, Error> {
    if samples.is_empty() {
        return Err(Error::NoTarget);
    }
    let numbers = parse_numbers(samples)?;
    let probabilities = match numbers[..] {
        [index] if count > 1 => {
            let class = (0..count).find(|class| *class as f64 == index);
            one_hot(class.ok_or_else(|| Error::UnknownClass(index.to_string()))?)
        }
        _ => numbers,
    };
    let is_distribution = probabilities.iter().all(|number| *number >= 0.0)
        && (probabilities.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE;
    if probabilities.len() > count || !is_distribution {
        let detail = format!("a target is a class from 0 to {count}, or its probabilities");
        return Err(Error::InvalidSample(detail));
    }
    Ok(Target {
        probabilities,
        new_class: None,
    })
}

/// The name of a class.
fn named(
    names: &[Box<RawValue>],
    is_closed: bool,
    samples: &[Box<RawValue>],
) -> Result<Target, Error> {
    let name = match samples {
        [] => return Err(Error::NoTarget),
        [name] => name,
        _ => return Err(Error::InvalidSample("a target is one class".to_owned())),
    };
    let is_name = matches!(
        serde_json::from_str(name.get()),
        Ok(Value::String(_) | Value::Number(_) | Value::Bool(_))
    );
    if !is_name || name.get().len() > NAME_BYTES_MAX {
        let detail = format!("a class is a text or a number of at most {NAME_BYTES_MAX} bytes");
        return Err(Error::InvalidSample(detail));
    }
    let found = names.iter().position(|known| known.get() == name.get());
    match found {
        Some(class) => Ok(Target {
            probabilities: one_hot(class),
            new_class: None,
        }),
        None if is_closed => Err(Error::UnknownClass(name.get().to_owned())),
        None if names.len() >= CLASSES_MAX => {
            let detail = format!("there are {CLASSES_MAX} classes, and no more are taken");
            Err(Error::InvalidSample(detail))
        }
        None => Ok(Target {
            probabilities: one_hot(names.len()),
            new_class: Some(name.clone()),
        }),
    }
}

fn one_hot(class: usize) -> Vec<f64> {
    let mut probabilities = vec![0.0; class + 1];
    probabilities[class] = 1.0;
    probabilities
}
