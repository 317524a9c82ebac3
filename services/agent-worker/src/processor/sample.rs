//! What a processor gets, and what it returns.

use contract::interaction::InteractionContext;
use contract::{Entity, Usage};
use serde_json::value::RawValue;
use tokio::time::Instant;

/// One step of an interaction.
#[derive(Clone, Copy)]
pub(crate) struct Sample<'a> {
    /// Whose processor it is.
    pub(crate) agent: &'a Entity,
    /// The interaction.
    pub(crate) interaction: &'a InteractionContext,
    /// One sample for each input.
    pub(crate) inputs: &'a [Box<RawValue>],
    /// An output that comes later is discarded.
    pub(crate) deadline: Instant,
}

/// What a processor makes of a sample.
pub(crate) struct Output {
    /// The sample that it writes.
    pub(crate) value: Box<RawValue>,
    /// The tokens that a model used.
    pub(crate) usage: Option<Usage>,
}

impl From<Box<RawValue>> for Output {
    fn from(value: Box<RawValue>) -> Self {
        Self { value, usage: None }
    }
}
