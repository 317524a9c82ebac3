//! Fields that a server needs again.

use serde_json::{Map, Value};

use crate::json::Json;

/// The fields of a message that servers need again with it: reasoning in the form of DeepSeek and
/// OpenRouter, what Gemini and LiteLLM add to the protocol, and signatures.
pub(super) fn message_extra(message: Json<'_>) -> Map<String, Value> {
    let is_needed = |name: &str| {
        let names = [
            "reasoning_content",
            "reasoning_details",
            "provider_specific_fields",
            "thinking_blocks",
        ];
        names.contains(&name) || name.starts_with("extra_") || name.contains("signature")
    };
    let fields = message.fields().into_iter();
    fields
        .filter(|(name, _)| is_needed(name))
        .filter_map(|(name, value)| Some((name, value.value()?)))
        .collect()
}
