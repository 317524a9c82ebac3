//! Why a model ended, in the names of all providers.

use crate::completion::Finish;

/// Why the model ended, by the name that the server gives it. `None` when it has not ended: some
/// servers write an empty text, or the text `null`.
pub(super) fn parse_finish(name: &str) -> Option<Finish> {
    let lower = name.to_ascii_lowercase();
    // Gateways write the reason of the provider behind their own: `content_filter: PROHIBITED_CONTENT`.
    let finish = match lower.rsplit([':', ' ']).next().unwrap_or_default() {
        "" | "null" | "none" | "finish_reason_unspecified" => return None,
        "stop" | "end_turn" | "stop_sequence" | "eos" | "eos_token" | "completed" => Finish::Stop,
        "tool_calls" | "tool_use" | "function_call" | "tool_call" => Finish::ToolCalls,
        "length"
        | "max_tokens"
        | "max_output_tokens"
        | "max_completion_tokens"
        | "max_new_tokens"
        | "max_length"
        | "model_length"
        | "token_limit"
        | "context_length_exceeded"
        | "context_window_exceeded"
        | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::Refusal,
        "malformed_function_call"
        | "malformed_tool_use"
        | "malformed_model_output"
        | "malformed_response"
        | "unexpected_tool_call"
        | "too_many_tool_calls"
        | "missing_thought_signature" => Finish::MalformedCall(name.to_owned()),
        reason if is_filter(&lower) || is_filter(reason) => Finish::ContentFilter(name.to_owned()),
        _ => Finish::Other(name.to_owned()),
    };
    Some(finish)
}

fn is_filter(lower: &str) -> bool {
    let names = [
        "content_filter",
        "safety",
        "recitation",
        "blocklist",
        "prohibited_content",
        "guardrail",
        "moderation",
    ];
    let has_name = names.iter().any(|name| lower.contains(name));
    has_name || matches!(lower, "spii" | "language" | "sensitive")
}

/// Whether a server ended the response by itself: the completion is incomplete.
pub(super) fn is_abort(name: &str) -> bool {
    let names = [
        "error",
        "server_error",
        "abort",
        "aborted",
        "cancelled",
        "canceled",
        "failed",
        "timeout",
        "insufficient_system_resource",
        "network_error",
    ];
    names.iter().any(|abort| name.eq_ignore_ascii_case(abort))
}
