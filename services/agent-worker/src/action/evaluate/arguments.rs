//! What is compared, as the behaviour of an agent requests it.

use contract::{EntityId, StreamRef};
use manyworlds_sdk::Error;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is compared.
#[derive(Debug, Deserialize)]
pub(super) struct Arguments {
    /// The metric.
    pub(super) how: String,
    /// How many samples.
    pub(super) steps: u64,
    /// Whether the tags of each stream count from its first one.
    #[serde(default)]
    pub(super) re_offset: bool,
    pub(super) reference: Reference,
    pub(super) outputs: Vec<Written>,
}

/// The stream that the outputs are compared with.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) stream: StreamRef,
    /// The position of the first sample.
    pub(super) first: u64,
}

/// What an agent has written.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    pub(super) agent: EntityId,
    pub(super) stream: StreamRef,
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Arguments {
    pub(super) fn parse(arguments: Option<&RawValue>) -> Result<Self, Error> {
        let text = arguments.map_or("{}", RawValue::get);
        serde_json::from_str(text).map_err(|error| {
            let reason = format!("the arguments are not those of evaluate: {error}");
            Error::failed("bad_arguments", reason)
        })
    }
}
