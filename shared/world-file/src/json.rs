//! YAML as JSON.

use serde_json::Value;

use crate::decode::decode;
use crate::error::Error;
use crate::yaml::{self, InvalidYaml};

/// The value of a text in YAML 1.2, as JSON.
///
/// # Errors
/// When it is not YAML, or has what JSON does not have.
pub fn to_json(text: &str) -> Result<Value, Error> {
    let root = yaml::parse(text).map_err(|error| match error {
        InvalidYaml::Syntax(fault) => Error::Malformed(fault),
        InvalidYaml::Faults(faults) => Error::Invalid(faults),
    })?;
    decode(&root, "").map_err(Error::Invalid)
}
