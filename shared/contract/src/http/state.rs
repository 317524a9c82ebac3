//! The state of a world.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::Seq;
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

/// What the archive must hold.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadAfterWrite {
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}
