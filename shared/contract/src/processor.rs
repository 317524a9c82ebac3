//! Processors: what turns the samples that an agent reads into those that it writes.

mod function;
mod http;
mod learned;
mod learner;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::brain::Llm;
use crate::seconds;

pub use function::FunctionProcessor;
pub use http::HttpProcessor;
pub use learned::{ProcessorLearned, is_weights_version};
pub use learner::{Markov, Regression, RegressionKind, Replay, WEIGHTS_BYTES_MAX};

/// The processor of an agent. An agent without one processes text with its brain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Processor {
    /// Fixed rules and templates, for texts.
    Script(ProcessorScript),
    /// Each sample as it is.
    Echo {},
    /// A language model, for texts.
    Llm(Box<Llm>),
    /// A memory of sequences. It learns.
    Markov(Markov),
    /// A linear, softmax or autoregressive regression. It learns.
    Regression(Box<Regression>),
    /// A server, which may learn.
    Http(HttpProcessor),
    /// Code of a worker that users build, which may learn.
    Function(Box<FunctionProcessor>),
}

impl Processor {
    /// Whether its agent may be requested to learn.
    pub fn learns(&self) -> bool {
        match self {
            Self::Function(function) => function.learns,
            Self::Script(_) | Self::Echo {} | Self::Llm(_) => false,
            Self::Markov(_) | Self::Regression(_) | Self::Http(_) => true,
        }
    }

    /// How many samples before a step it reads too, of those of the same interaction.
    pub fn lookback(&self) -> u32 {
        match self {
            Self::Markov(markov) => markov.order,
            Self::Regression(regression) if regression.kind == RegressionKind::Autoregressive => {
                regression.order
            }
            Self::Function(function) => function.lookback,
            _ => 0,
        }
    }
}

/// Fixed rules: the first whose `when` is in the sample is used, else `default`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcessorScript {
    /// Tried in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ProcessorRule>,
    /// The output when no rule fits; `{text}` stands for the sample.
    #[serde(default = "same_text")]
    pub default: String,
    /// The pause before each output.
    #[serde(default, with = "seconds", skip_serializing_if = "Duration::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub pause_seconds: Duration,
}

impl Default for ProcessorScript {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            default: same_text(),
            pause_seconds: Duration::ZERO,
        }
    }
}

fn same_text() -> String {
    "{text}".to_owned()
}

/// One rule of the script of a processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessorRule {
    /// The rule fits when the sample contains this, whatever its case.
    pub when: String,
    /// The output; `{text}` stands for the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// Fail with this reason instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail: Option<String>,
    /// Fail only this many attempts of a request; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}
