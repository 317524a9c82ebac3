//! What the language models of a world have used and cost: in all, and over time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Cost, EntityId, Seq, Timestamp, WorldId};

/// `mw.query.usage`: what a world's models have used and cost, by agent, model and currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UsageQuery {
    /// Whose.
    pub world: WorldId,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// `mw.query.usage_over_time`: the same for each hour or day of a range.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UsageOverTimeQuery {
    /// Whose.
    pub world: WorldId,
    /// What the sums are of.
    pub bucket: UsageBucket,
    /// The begin of the first bucket.
    pub from: Timestamp,
    /// The end of the last bucket.
    pub to: Timestamp,
    /// Answer only when the archive holds this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// A span of time whose usage is one sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageBucket {
    /// An hour.
    Hour,
    /// A day, in UTC.
    Day,
}

impl UsageBucket {
    /// Its length in milliseconds.
    pub fn as_ms(self) -> i64 {
        match self {
            Self::Hour => 60 * 60 * 1000,
            Self::Day => 24 * 60 * 60 * 1000,
        }
    }
}

/// One row of [`UsageQuery`] or [`UsageOverTimeQuery`]: a sum over answers. Answers with a cost and answers
/// without one are never in the same row, and neither are costs in different currencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageRow {
    /// When its hour or day begins; absent in sums over all time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// The agent that thought.
    pub agent: EntityId,
    /// The model that answered.
    pub model: String,
    /// How many answers.
    pub answers: u64,
    /// Tokens that it read.
    pub input_tokens: u64,
    /// Tokens that it wrote.
    pub output_tokens: u64,
    /// What these answers cost; absent when no worker had a price of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}
