//! The event stream.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{ChatId, EntityId, Position, TypePattern};

/// Which events, from which position.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Begin after this position: `{seq}.{index}`, or `{seq}` for the end of a commit. `0`, and whatever is
    /// before the world's first commit: from the beginning. From now on when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// Of this type, or of those that begin with it: `myapp.*`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[param(
        value_type = Option<String>, max_length = 128,
        pattern = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*([.][*])?$"
    )]
    pub event_type: Option<TypePattern>,
    /// What this entity may see: what it sent, what names it, and what is for everyone. Without it
    /// every event is shown, whichever its target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// In this chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// Chunks of answers as well, while they are generated: `chunk`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live: bool,
}

/// The same for a WebSocket.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SocketQuery {
    /// As in the event stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// As in the event stream.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[param(
        value_type = Option<String>, max_length = 128,
        pattern = "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*([.][*])?$"
    )]
    pub event_type: Option<TypePattern>,
    /// As in the event stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// As in the event stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// As in the event stream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live: bool,
    /// The entity whose client this is. An agent whose brain is `client` is present while it has such a
    /// connection. Without it, that begins with the first accepted frame of the entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

impl SocketQuery {
    /// Which events, from which position.
    pub fn into_stream(self) -> StreamQuery {
        StreamQuery {
            after: self.after,
            event_type: self.event_type,
            entity: self.entity,
            chat: self.chat,
            live: self.live,
        }
    }
}

/// `ready`, the first event: where the stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamStart {
    /// Everything after this position follows.
    pub position: Position,
    /// Whether that is all that the client has not received. If not, its position is not one of this log, but of
    /// an earlier world of this id, or behind the end: it has to read the state again.
    pub complete: bool,
}

/// `error`, the last event of a stream that the gateway closes: the client resumes from its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamClosed {
    /// The close code of a WebSocket.
    pub code: u16,
    /// Why.
    pub reason: String,
}
