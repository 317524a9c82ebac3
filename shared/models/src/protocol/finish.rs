//! Why a model ended, in the names of all providers.

use crate::completion::Finish;

/// Why the model ended, by the name that the server gives it. `None` when it has not ended: some
/// servers write an empty text, or the text `null`.
pub(super) fn parse_finish(name: &str) -> Option<Finish> {
    let lower = name.to_ascii_lowercase();
    let finish = match lower.as_str() {
        "" | "null" | "none" | "finish_reason_unspecified" => return None,
        "stop" | "end_turn" | "stop_sequence" | "eos" | "eos_token" | "completed" => Finish::Stop,
        "tool_calls" | "tool_use" | "function_call" | "tool_call" => Finish::ToolCalls,
        "length" | "max_tokens" | "model_length" | "model_context_window_exceeded" => {
            Finish::Length
        }
        "content_filter" | "content_filtered" | "safety" | "recitation" | "blocklist"
        | "prohibited_content" | "spii" | "language" | "image_safety" | "sensitive" => {
            Finish::ContentFilter(name.to_owned())
        }
        "refusal" => Finish::Refusal,
        "malformed_function_call"
        | "unexpected_tool_call"
        | "too_many_tool_calls"
        | "missing_thought_signature" => Finish::MalformedCall(name.to_owned()),
        _ => Finish::Other(name.to_owned()),
    };
    Some(finish)
}

/// Whether a server ended the response by itself: the completion is incomplete.
pub(super) fn is_abort(name: &str) -> bool {
    let names = [
        "error",
        "abort",
        "aborted",
        "cancelled",
        "canceled",
        "insufficient_system_resource",
        "network_error",
    ];
    names.iter().any(|abort| name.eq_ignore_ascii_case(abort))
}
