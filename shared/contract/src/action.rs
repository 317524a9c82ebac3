//! The built-in actions: their names, and what a worker returns for each of them.
//!
//! On the wire each output is a [`RunResult`]; which of its fields an action fills is written here
//! once, for the workers that fill them and for the rules that read them.

use serde::{Deserialize, Serialize};

use crate::Usage;
use crate::mind::{MindUpdate, Summary};
use crate::run::RunResult;
use crate::tool::ToolCall;

/// An agent answers a message of a chat, or calls tools first. Returns a [`RespondOutput`].
pub const RESPOND: &str = "respond";
/// One tool call is executed. Returns a [`ToolResult`](crate::tool::ToolResult) as
/// [`RunResult::output`].
pub const TOOL: &str = "tool";
/// An agent with a mind decides what it does next. Returns an [`ActOutput`].
pub const ACT: &str = "act";
/// The memory of an agent with a mind is summarised. Returns a [`SummariseOutput`].
pub const SUMMARISE: &str = "summarise";
/// An agent's processor turns samples into others, in an interaction. Returns
/// [`RunResult::samples`].
pub const PROCESS: &str = "process";
/// The name of the action that compares what agents have written with a stream.
pub const EVALUATE: &str = "evaluate";
/// An agent's processor learns from samples, in an interaction. Returns [`RunResult::samples`],
/// [`RunResult::weights`] and [`RunResult::loss`].
pub const LEARN: &str = "learn";
/// A language model titles a chat. Returns a [`TitleOutput`] as [`RunResult::output`].
pub const TITLE: &str = "title";

/// What [`RESPOND`] returns, and any other action that is the brain of an agent in a chat.
#[derive(Debug, Clone, Default)]
pub struct RespondOutput {
    /// The answer; with `calls`, the text that the model wrote before it called.
    pub message: Option<String>,
    /// The tools that the model calls before it answers.
    pub calls: Vec<ToolCall>,
    /// The tokens that the model used.
    pub usage: Option<Usage>,
}

impl From<RespondOutput> for RunResult {
    fn from(output: RespondOutput) -> Self {
        Self {
            message: output.message,
            calls: output.calls,
            usage: output.usage,
            ..Self::default()
        }
    }
}

impl From<&RunResult> for RespondOutput {
    fn from(result: &RunResult) -> Self {
        Self {
            message: result.message.clone(),
            calls: result.calls.clone(),
            usage: result.usage.clone(),
        }
    }
}

/// What [`ACT`] returns, and any other action that is the brain of an agent with a mind.
#[derive(Debug, Clone, Default)]
pub struct ActOutput {
    /// What changes in the mind.
    pub update: MindUpdate,
    /// The abilities that the agent uses.
    pub calls: Vec<ToolCall>,
    /// What the agent noted for itself: it is in no chat.
    pub note: Option<String>,
    /// The tokens that the model used.
    pub usage: Option<Usage>,
}

impl From<ActOutput> for RunResult {
    fn from(output: ActOutput) -> Self {
        Self {
            message: output.note,
            calls: output.calls,
            thought: Some(output.update),
            usage: output.usage,
            ..Self::default()
        }
    }
}

impl From<&RunResult> for ActOutput {
    fn from(result: &RunResult) -> Self {
        Self {
            update: result.thought.clone().unwrap_or_default(),
            calls: result.calls.clone(),
            note: result.message.clone(),
            usage: result.usage.clone(),
        }
    }
}

/// What [`SUMMARISE`] returns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SummariseOutput {
    /// The new summary; absent when there was nothing to summarise.
    pub summary: Option<Summary>,
    /// The tokens that the model used.
    pub usage: Option<Usage>,
}

impl From<SummariseOutput> for RunResult {
    fn from(output: SummariseOutput) -> Self {
        let update = |summary| MindUpdate {
            summary: Some(summary),
            ..MindUpdate::default()
        };
        Self {
            thought: output.summary.map(update),
            usage: output.usage,
            ..Self::default()
        }
    }
}

impl From<&RunResult> for SummariseOutput {
    fn from(result: &RunResult) -> Self {
        let thought = result.thought.as_ref();
        Self {
            summary: thought.and_then(|update| update.summary.clone()),
            usage: result.usage.clone(),
        }
    }
}

/// The [`RunResult::output`] of [`TITLE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleOutput {
    /// The title as the model wrote it: the rules shorten and clean it.
    pub title: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The wire form of an output, and of what the other side reads from it.
    fn round_trip<T: for<'a> From<&'a RunResult>>(output: T) -> (Value, Value)
    where
        RunResult: From<T>,
    {
        let sent = RunResult::from(output);
        let read = RunResult::from(T::from(&sent));
        let value = |result| serde_json::to_value(result).unwrap();
        (value(sent), value(read))
    }

    fn usage() -> Option<Usage> {
        Some(Usage {
            model: "m".to_owned(),
            input_tokens: 1,
            output_tokens: 2,
            ..Usage::default()
        })
    }

    #[test]
    fn an_answer_is_the_message_of_a_result() {
        let call = json!({"id": "a", "name": "files_read", "arguments": {}});
        let (sent, read) = round_trip(RespondOutput {
            message: Some("Let me see".to_owned()),
            calls: vec![serde_json::from_value(call.clone()).unwrap()],
            usage: usage(),
        });
        let usage = json!({"model": "m", "input_tokens": 1, "output_tokens": 2});
        let expected = json!({"message": "Let me see", "calls": [call], "usage": usage});
        assert_eq!((&sent, &read), (&expected, &expected));
        let (sent, read) = round_trip(RespondOutput::default());
        assert_eq!((sent, read), (json!({}), json!({})));
    }

    #[test]
    fn a_decision_is_the_thought_and_the_calls_of_a_result() {
        let (sent, read) = round_trip(ActOutput {
            update: MindUpdate {
                sleeps: true,
                ..MindUpdate::default()
            },
            note: Some("Enough.".to_owned()),
            ..ActOutput::default()
        });
        let expected = json!({"message": "Enough.", "thought": {"sleeps": true}});
        assert_eq!((&sent, &read), (&expected, &expected));
    }

    #[test]
    fn a_summary_is_part_of_the_thought_of_a_result() {
        let summary = json!({"text": "It began.", "until": "0190b7a5-0000-7000-8000-000000000001"});
        let (sent, read) = round_trip(SummariseOutput {
            summary: Some(serde_json::from_value(summary.clone()).unwrap()),
            usage: None,
        });
        let expected = json!({"thought": {"summary": summary}});
        assert_eq!((&sent, &read), (&expected, &expected));
        let (sent, read) = round_trip(SummariseOutput::default());
        assert_eq!((sent, read), (json!({}), json!({})));
    }

    #[test]
    fn the_output_of_a_title_has_one_field() {
        let output = TitleOutput {
            title: "A Trip".to_owned(),
        };
        let json = serde_json::to_value(&output).unwrap();
        assert_eq!(json, json!({"title": "A Trip"}));
        assert_eq!(serde_json::from_value::<TitleOutput>(json).unwrap(), output);
    }

    #[test]
    fn the_names_are_names_of_actions() {
        for name in [RESPOND, TOOL, ACT, SUMMARISE, PROCESS, LEARN, TITLE] {
            assert!(name.parse::<crate::ActionName>().is_ok(), "{name}");
        }
    }
}
