//! The processor that changes nothing.

use manyworlds_sdk::Error;
use serde_json::value::{RawValue, to_raw_value};

use super::sample::{Output, Sample};

/// The sample as it is; an array of them, when there are several inputs.
pub(super) fn forward(sample: Sample<'_>) -> Result<Output, Error> {
    let value = match sample.inputs {
        [input] => Ok(input.clone()),
        inputs => to_raw_value(inputs),
    };
    let value: Box<RawValue> =
        value.map_err(|error| Error::failed("invalid_sample", error.to_string()))?;
    Ok(value.into())
}
