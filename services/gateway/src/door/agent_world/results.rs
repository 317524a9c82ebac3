//! What came of calls of tools, in the words in which their agents' models are told.

use contract::fact::ActionCompleted;
use contract::tool::{ToolResult, Verdict};

/// What a call that was made came to.
pub(super) fn returned(done: &ActionCompleted) -> ToolResult {
    let output = done.output.as_deref();
    let result = output.and_then(|json| serde_json::from_str(json.get()).ok());
    result.unwrap_or_else(|| ToolResult {
        text: String::new(),
        failed: false,
    })
}

/// What a call came to that could not be made.
pub(super) fn failed(reason: &str) -> ToolResult {
    ToolResult {
        text: reason.to_owned(),
        failed: true,
    }
}

/// What a call came to that was called off.
pub(super) fn called_off() -> ToolResult {
    failed("it was called off")
}

/// What a call came to by what people say to it; nothing yet when they approve.
pub(super) fn decided(verdict: &Verdict) -> Option<ToolResult> {
    let result = match verdict {
        Verdict::Approved => return None,
        Verdict::Denied { reason } if reason.is_empty() => failed("a person refused this"),
        Verdict::Denied { reason } => failed(&format!("a person refused this: {reason}")),
        Verdict::Answered { answers } => ToolResult {
            text: serde_json::to_string(answers).unwrap_or_default(),
            failed: false,
        },
        Verdict::Expired => failed("nobody answered in time"),
        Verdict::Cancelled => called_off(),
    };
    Some(result)
}
