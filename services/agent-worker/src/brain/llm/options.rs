//! The options of a model request.

use contract::brain::{Llm, LlmOptions};
use manyworlds_sdk::Error;
use models::Options;

/// Headers that the author of a world may not set: they belong to the worker, to its keys, and to the
/// connection.
const RESERVED_HEADERS: [&str; 11] = [
    "api-key",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "transfer-encoding",
    "x-api-key",
    "x-goog-api-key",
];

/// The options of a model. `max_completion_tokens`: whether the server expects that field.
///
/// # Errors
/// When they have a header that they must not have.
pub(super) fn options(llm: &Llm, max_completion_tokens: bool) -> Result<Options, Error> {
    let LlmOptions {
        reasoning_effort,
        stream_options,
        max_completion_tokens: chosen,
        headers,
        body,
    } = &llm.options;
    let is_reserved = |name: &&String| {
        let name = name.to_ascii_lowercase();
        RESERVED_HEADERS.contains(&name.as_str())
    };
    if let Some(name) = headers.keys().find(is_reserved) {
        let reason = format!("options.headers: {name} can't be set");
        return Err(Error::failed("model_refused", reason));
    }
    Ok(Options {
        temperature: llm.temperature,
        tokens_max: llm.tokens_max,
        reasoning_effort: reasoning_effort.clone(),
        max_completion_tokens: chosen.unwrap_or(max_completion_tokens),
        no_stream_options: *stream_options == Some(false),
        headers: headers.clone(),
        body: body.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn llm(options: &serde_json::Value) -> Llm {
        serde_json::from_value(json!({"provider": "openai", "model": "m", "options": options}))
            .unwrap()
    }

    #[test]
    fn options_are_those_of_the_world() {
        let set = json!({
            "reasoning_effort": "low", "stream_options": false, "max_completion_tokens": false,
            "headers": {"x-title": "t"}, "body": {"top_k": 1},
        });
        let found = options(&llm(&set), true).unwrap();
        assert_eq!(found.reasoning_effort.as_deref(), Some("low"));
        assert!(found.no_stream_options && !found.max_completion_tokens);
        assert_eq!(
            (found.headers["x-title"].as_str(), &found.body["top_k"]),
            ("t", &json!(1))
        );
        let found = options(&llm(&json!({})), true).unwrap();
        assert!(!found.no_stream_options && found.max_completion_tokens);
    }

    #[test]
    fn a_world_can_not_set_a_key() {
        for name in ["Authorization", "x-api-key", "Host"] {
            assert!(options(&llm(&json!({"headers": {name: "x"}})), false).is_err());
        }
    }
}
