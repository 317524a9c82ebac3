//! What a provider needs again with its calls, as the strings that a world keeps with each call.

use models::Protocol;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A world keeps this much with the calls of a step, and refuses them when there is more.
const BYTES_MAX: usize = 32 << 10;

/// A string of [`ToolCall::signatures`](contract::tool::ToolCall::signatures).
#[derive(Default, Serialize, Deserialize)]
struct Signature {
    /// What it is for: an agent may have another model when it is sent back.
    protocol: String,
    /// The fields of the call.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    call: Map<String, Value>,
    /// The fields of the message, with its first call.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    message: Map<String, Value>,
}

/// The strings of a call. `message` is empty for all but the first call of a message.
pub(super) fn encode(
    protocol: Protocol,
    call: Map<String, Value>,
    message: Map<String, Value>,
) -> Vec<String> {
    if call.is_empty() && message.is_empty() {
        return Vec::new();
    }
    let signature = Signature {
        protocol: protocol_name(protocol).to_owned(),
        call,
        message,
    };
    let text = serde_json::to_string(&signature).unwrap_or_default();
    match text.len() <= BYTES_MAX {
        true => vec![text],
        // Without them the provider may reject the next request, which then fails with its words.
        false => Vec::new(),
    }
}

/// The fields of a call and of its message.
pub(super) fn decode(
    protocol: Protocol,
    signatures: &[String],
) -> (Map<String, Value>, Map<String, Value>) {
    let mut fields = (Map::new(), Map::new());
    for text in signatures {
        match serde_json::from_str::<Signature>(text) {
            Ok(signature) if signature.protocol == protocol_name(protocol) => {
                fields.0.extend(signature.call);
                fields.1.extend(signature.message);
            }
            Ok(_) => {}
            // Older worlds have Gemini's signature itself.
            Err(_) if protocol == Protocol::Gemini => {
                fields
                    .0
                    .insert("thoughtSignature".to_owned(), Value::from(text.as_str()));
            }
            Err(_) => {}
        }
    }
    fields
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::OpenAi => "openai",
        Protocol::Anthropic => "anthropic",
        Protocol::Gemini => "gemini",
        Protocol::Ollama => "ollama",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_a_provider_sent_comes_back_to_it_alone() {
        let (call, message) = (fields(&json!({"a": [1]})), fields(&json!({"b": "c"})));
        let encoded = encode(Protocol::Anthropic, call.clone(), message.clone());
        assert_eq!(decode(Protocol::Anthropic, &encoded), (call, message));
        assert_eq!(decode(Protocol::OpenAi, &encoded), (Map::new(), Map::new()));
        assert!(encode(Protocol::OpenAi, Map::new(), Map::new()).is_empty());
        let large = fields(&json!({"a": "x".repeat(BYTES_MAX)}));
        assert!(encode(Protocol::OpenAi, large, Map::new()).is_empty());
    }

    #[test]
    fn a_signature_of_gemini_is_known() {
        let signatures = ["sig".to_owned()];
        let expected = fields(&json!({"thoughtSignature": "sig"}));
        assert_eq!(decode(Protocol::Gemini, &signatures).0, expected);
        assert!(decode(Protocol::OpenAi, &signatures).0.is_empty());
    }
}
