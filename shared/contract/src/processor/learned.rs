//! The event of a processor that has learned.

use serde::{Deserialize, Serialize};

use crate::id::{EntityId, InteractionId};

/// The payload of `processor.learned`. The event's sender is the entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessorLearned {
    /// Whose processor it is.
    pub entity: EntityId,
    /// The version of its weights from now on: the SHA-256 of their bytes, in hexadecimal.
    pub weights: String,
    /// For which interaction.
    pub interaction: InteractionId,
    /// How many samples it has learned since the version before.
    pub steps: u32,
    /// The mean loss of these samples, if the processor reports one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
}

/// Whether a text can be the version of weights: a SHA-256 in lower-case hexadecimal.
pub fn is_weights_version(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(is_digit)
}
