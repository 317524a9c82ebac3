//! Timers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::ChatText;
use crate::{EntityId, NewEvent, Timestamp};

/// When a timer fires, and what is sent then.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SetTimerRequest {
    /// When it fires; at once when that has passed. The first moment of `repeat` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When it fires again and again: a cron expression of five fields, in `zone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0 9 * * MON-FRI")]
    pub repeat: Option<String>,
    /// The time zone of `repeat`, by its name in the IANA database; UTC when absent. A moment that a change to summer time
    /// leaves out is moved behind it; one that comes twice counts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub zone: Option<String>,
    /// What is sent then, beside `timer.fired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<NewEvent>,
    /// What is posted then, in the name of the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<ChatText>,
    /// In whose name; `world` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}
