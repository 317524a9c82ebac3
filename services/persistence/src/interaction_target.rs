//! What the table of the targets of interactions holds, beside plain numbers and ids.

use contract::Timestamp;
use contract::interaction::{InteractionEnded, InteractionOutput, TargetStatus};
use serde::{Deserialize, Serialize};

/// How an interaction ended for a target: the JSON of the column `outcome`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TargetOutcome {
    pub(crate) ended_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) output: Vec<InteractionOutput>,
}

impl TargetOutcome {
    pub(crate) fn new(ended: &InteractionEnded, at: Timestamp) -> Self {
        Self {
            ended_at: at,
            reason: ended.reason.clone(),
            detail: ended.detail.clone(),
            state: ended.state.clone(),
            output: ended.output.clone(),
        }
    }
}

/// The text of the column `status`: the word of the contract.
pub(crate) fn status_text(status: TargetStatus) -> String {
    match serde_json::to_value(status) {
        Ok(serde_json::Value::String(text)) => text,
        // The contract writes it as a word.
        _ => String::new(),
    }
}

/// The status that a text of the column `status` is.
pub(crate) fn parse_status(text: String) -> serde_json::Result<TargetStatus> {
    serde_json::from_value(serde_json::Value::String(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_survives_its_text() {
        for (status, text) in [
            (TargetStatus::Waiting, "waiting"),
            (TargetStatus::TimedOut, "timed_out"),
        ] {
            assert_eq!(status_text(status), text);
            assert_eq!(parse_status(text.to_owned()).unwrap(), status);
        }
        assert!(parse_status(String::new()).is_err());
    }
}
