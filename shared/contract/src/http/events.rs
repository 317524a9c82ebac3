//! Events.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{ChatId, CloudEvent, EntityId, NewEvent, Position, Seq, TypePattern};

/// Which page of the events.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsPageQuery {
    /// Those after this position: `{seq}.{index}`, or `{seq}` for the end of a commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Of this type, or of those that begin with it: `myapp.*`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[param(
        value_type = Option<String>, max_length = 128,
        pattern = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*([.][*])?$"
    )]
    pub event_type: Option<TypePattern>,
    /// Sent by this entity, or naming it as target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// Custom events that this entity received: its own, those naming it, and those for everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heard_by: Option<EntityId>,
    /// The last ones, instead of the first. There is no next page then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
    /// In this chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// Answer only when the archive holds this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// A page of events, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventsPage {
    /// The events.
    pub events: Vec<CloudEvent>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Position>,
}

/// Events of one sender: all of them are stored, or none. One event may also stand beside `sender`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SendEventsRequest {
    /// In whose name.
    pub sender: EntityId,
    /// In this order.
    pub events: Vec<NewEvent>,
}
