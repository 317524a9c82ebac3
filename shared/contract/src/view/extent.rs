//! How much of a state is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::ViewRequest;

/// How much of a state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// All of it.
    #[default]
    Whole,
    /// What the world is, who and what is in it, and what goes on: without the states of entities,
    /// the messages of chats, the input of runs, types of events and timers.
    Outline,
}

impl From<View> for ViewRequest {
    fn from(view: View) -> Self {
        match view {
            View::Whole => Self::Whole,
            View::Outline => Self::Outline,
        }
    }
}
