//! Badges: what a world has recorded of its agents.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::behaviour::BadgeType;
use crate::{EntityId, EventId, Position, Seq, Timestamp};

/// Which page of the badges.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BadgesPageQuery {
    /// Those after this position: the `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// A badge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BadgeResponse {
    /// Its id: that of its event.
    pub id: EventId,
    /// Who has it.
    pub entity: EntityId,
    /// Its type.
    #[serde(rename = "type")]
    pub badge_type: BadgeType,
    /// From 0 to 1; null when none was given.
    #[schema(required = true)]
    pub score: Option<f64>,
    /// What it is for.
    #[schema(required = true)]
    pub description: Option<String>,
    /// Who suggested it.
    pub by: EntityId,
    /// When it was recorded.
    pub at: Timestamp,
    /// The commit that holds it.
    pub seq: Seq,
}

/// A page of badges, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BadgesPage {
    /// The badges.
    pub badges: Vec<BadgeResponse>,
    /// What to pass as `after` for the next page; null on the last one.
    pub next: Option<Position>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_without_a_score_says_so() {
        let text = r#"{"badges":[{"id":"018f0000-0000-7000-8000-000000000001","entity":"s1","type":"completed","score":null,"description":null,"by":"t","at":"2026-01-31T12:00:00.000Z","seq":8}],"next":null}"#;
        let page: BadgesPage = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&page).unwrap(), text);
    }
}
