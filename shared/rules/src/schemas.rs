//! JSON Schemas that worlds, entities and abilities promise.

use contract::Rejection;
use schema::{Fault, Schema};
use serde_json::Value;

use crate::rejection::invalid;

/// Reads a schema that is written as a value at `field`.
pub(crate) fn parse_schema(schema: &Value, field: &str) -> Result<Schema, Rejection> {
    let raw = serde_json::value::to_raw_value(schema);
    let raw = raw.map_err(|error| invalid(field, error.to_string()))?;
    Schema::parse(&raw).map_err(|error| invalid(field, error.to_string()))
}

/// The refusal of a value at `field` that is not what its schema promises.
pub(crate) fn invalid_data(faults: &[Fault], field: &str) -> Rejection {
    let Some(fault) = faults.first() else {
        return invalid(field, "it is not what its schema promises");
    };
    let path = fault.path.strip_prefix("data").unwrap_or(&fault.path);
    let reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
    invalid(format!("{field}{path}"), reasons.join("; "))
}
