//! The response to a write.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EventId, Seq};

/// A write that is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The id of what was created or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The ids of the events that were sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<EventId>,
    /// The commit that holds it: pass it as `wait_for` to read it from the archive.
    pub seq: Seq,
}

impl Receipt {
    /// A write in this commit.
    pub fn at(seq: Seq) -> Self {
        Self {
            id: None,
            ids: Vec::new(),
            seq,
        }
    }

    /// A write in this commit, of what has this id.
    pub fn created(id: &impl ToString, seq: Seq) -> Self {
        Self {
            id: Some(id.to_string()),
            ..Self::at(seq)
        }
    }
}
