//! The state of a world, and what its language models cost.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::Seq;
use crate::query::UsageRow;
use crate::view::View;

/// Which state.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StateQuery {
    /// The last commit that the state includes; now when absent, and the world's first one when that is later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Seq>,
    /// `outline`: without the states of entities, the messages of chats, what runs were given,
    /// types of events and timers.
    #[serde(default)]
    #[param(inline)]
    pub view: View,
}

/// A state and its position in the log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StateResponse {
    /// The last commit in it. Events after this position are not in it.
    pub seq: Seq,
    /// What the log adds up to.
    #[schema(value_type = Object)]
    pub state: Box<RawValue>,
}

/// What a world's language models cost.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UsageResponse {
    /// By agent and model.
    pub usage: Vec<UsageRow>,
    /// Whether there are others after these, which one answer does not hold (1000 KiB, or 20,000 rows);
    /// absent when these are all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub more: bool,
}

/// What the archive must hold.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadAfterWrite {
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}
