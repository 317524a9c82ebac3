//! Worlds.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::query::WorldRow;
use crate::quota::{LogSize, Quota};
use crate::{Seq, WorldId, WorldSpec};

/// Which page of the worlds.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorldsPageQuery {
    /// Those after this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<WorldId>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// A page of worlds, by id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorldsPage {
    /// The worlds.
    pub worlds: Vec<WorldRow>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<WorldId>,
}

/// A new world.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreateWorldRequest {
    /// Its id: no other world has had it lately.
    pub id: WorldId,
    /// What it is.
    #[schema(inline = false)]
    #[serde(flatten)]
    pub spec: WorldSpec,
}

/// What a world is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorldResponse {
    /// Its id.
    pub id: WorldId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// How many answers an agent may give until a person sends a message.
    pub turn_limit: u32,
    /// The commit with which it began. Commits have sequences that all worlds share, so it may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<Seq>,
    /// The last commit.
    #[serde(default)]
    pub seq: Seq,
    /// How much its log holds.
    #[serde(default)]
    pub log_size: LogSize,
    /// How much its log may hold; not limited when absent.
    #[serde(default, skip_serializing_if = "Quota::is_unlimited")]
    pub quota: Quota,
}
