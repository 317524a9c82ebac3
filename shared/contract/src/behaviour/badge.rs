//! Badges: what a world records of its agents.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{EntityId, RoleName};

/// The types of badges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BadgeType {
    /// Something was completed.
    Completed,
    /// It took part.
    Attended,
    /// It has an intermediate level.
    Intermediate,
    /// It has the level of a professional.
    Pro,
}

/// The payload of `badge.awarded`. The event's sender is who suggested it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BadgeAwarded {
    /// Who has it.
    pub entity: EntityId,
    /// Its type.
    #[serde(rename = "type")]
    pub badge_type: BadgeType,
    /// From 0 to 1; null when none was given.
    pub score: Option<f64>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// How a world decides about badges.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BadgePolicy {
    /// Whose suggestions are recorded.
    #[serde(default)]
    pub from: BadgeSource,
}

impl BadgePolicy {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Who may suggest badges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum BadgeSource {
    /// One of two words.
    Word(BadgeSourceWord),
    /// Entities that have one of these roles.
    Roles(Vec<RoleName>),
}

impl Default for BadgeSource {
    fn default() -> Self {
        Self::Word(BadgeSourceWord::Masters)
    }
}

/// Words for who may suggest badges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BadgeSourceWord {
    /// Masters of the world, and the world itself.
    Masters,
    /// Every entity of the world.
    Anyone,
}
