//! Samples as numbers.

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Error;

/// The most numbers of all inputs of a step: what one sample holds.
const NUMBERS_MAX: usize = 32_768;

/// The numbers of some samples: those of arrays in their order.
pub(crate) fn parse_numbers(samples: &[Box<RawValue>]) -> Result<Vec<f64>, Error> {
    let mut numbers = Vec::new();
    for sample in samples {
        let value: Value = serde_json::from_str(sample.get())
            .map_err(|error| Error::InvalidSample(error.to_string()))?;
        flatten(&value, &mut numbers)?;
    }
    if numbers.is_empty() {
        return Err(Error::InvalidSample("the sample has no number".to_owned()));
    }
    Ok(numbers)
}

/// The one number of a sample.
pub(crate) fn parse_number(sample: &RawValue) -> Result<f64, Error> {
    let number: Option<f64> = serde_json::from_str(sample.get()).ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| invalid(sample.get()))
}

/// Numbers as a sample: one number is itself, several are an array.
pub(crate) fn to_sample(numbers: &[f64]) -> Result<Box<RawValue>, Error> {
    if numbers.iter().any(|number| !number.is_finite()) {
        return Err(Error::Diverged);
    }
    let sample = match numbers {
        [number] => to_raw_value(number),
        numbers => to_raw_value(numbers),
    };
    sample.map_err(|error| Error::InvalidSample(error.to_string()))
}

fn flatten(value: &Value, numbers: &mut Vec<f64>) -> Result<(), Error> {
    match value {
        Value::Number(number) if numbers.len() < NUMBERS_MAX => {
            let number = number.as_f64().filter(|number| number.is_finite());
            numbers.push(number.ok_or_else(|| invalid(&value.to_string()))?);
            Ok(())
        }
        Value::Number(_) => {
            let detail = format!("a step has more than {NUMBERS_MAX} numbers");
            Err(Error::InvalidSample(detail))
        }
        Value::Array(values) => values.iter().try_for_each(|value| flatten(value, numbers)),
        other => Err(invalid(&other.to_string())),
    }
}

fn invalid(text: &str) -> Error {
    /// The most characters of a sample that an error quotes.
    const EXCERPT_MAX: usize = 80;
    let excerpt: String = text.chars().take(EXCERPT_MAX).collect();
    Error::InvalidSample(format!("{excerpt} is no number"))
}
