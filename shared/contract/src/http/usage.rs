//! What a world's language models have used and cost.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::query::{UsageBucket, UsageRow};
use crate::{Seq, Timestamp};

/// Which usage: all that there ever was, or that of a range of time.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageSelection {
    /// Sums for each hour or each day (in UTC), instead of one over all time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub bucket: Option<UsageBucket>,
    /// With `bucket`: the range begins with the hour or day in which this moment is. 24 hours or 30 days before
    /// `to` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub from: Option<Timestamp>,
    /// With `bucket`: the range ends with the hour or day in which this moment is, or at this moment when one
    /// begins with it. Now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub to: Option<Timestamp>,
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// What a world's language models have used and cost.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UsageResponse {
    /// By time, agent, model and currency, in this order.
    pub usage: Vec<UsageRow>,
    /// Whether there are others after these, which one answer does not hold (1000 KiB, or 20,000 rows);
    /// absent when these are all. Those of a range are always all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub more: bool,
}
