//! The types of custom events that a world checks.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::Seq;

/// The types of a world, each with its versions, oldest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventTypesResponse {
    /// The types.
    #[schema(value_type = BTreeMap<String, Vec<EventTypeVersionResponse>>)]
    pub event_types: Box<RawValue>,
    /// The last commit in this.
    pub seq: Seq,
}

/// One version of a type.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventTypeVersionResponse {
    /// Which one, from 1. The newest holds for events that name none.
    pub version: u32,
    /// What such an event means.
    pub description: String,
    /// What it holds: a JSON Schema.
    #[schema(value_type = Object)]
    pub schema: Value,
}

/// What events of a type hold.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RegisterEventTypeRequest {
    /// Which version this is. What was valid under a version stays valid under it: any other change
    /// needs the next one.
    #[serde(default = "first_version")]
    #[schema(default = 1, minimum = 1)]
    pub version: u32,
    /// What such an event means.
    #[serde(default)]
    pub description: String,
    /// A JSON Schema (draft 2020-12).
    #[schema(value_type = Object)]
    pub schema: Value,
}

const fn first_version() -> u32 {
    1
}
