//! The event at the doors and on `mw.evt`: CloudEvents 1.0 (source: the specification and its JSON
//! and NATS bindings, cloudevents.io).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::commit::Position;
use crate::query::EventRow;
use crate::{ChatId, EntityId, Event, EventId, EventType, Seq, Target, Timestamp, WorldId};

/// The media type of one event in structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";
/// The media type of a list of events in structured mode.
pub const BATCH_MEDIA_TYPE: &str = "application/cloudevents-batch+json";
/// The version of the specification.
pub const SPEC_VERSION: &str = "1.0";
/// What begins the name of a header that holds an attribute in binary mode.
pub const HEADER_PREFIX: &str = "ce-";
/// The header on `mw.evt` with the position of the commit.
pub const SEQ_HEADER: &str = "mw-seq";

/// The `source` of what `sender` does in `world`.
pub fn source(world: &str, sender: &EntityId) -> String {
    format!("/worlds/{world}/entities/{sender}")
}

/// An event in CloudEvents' structured JSON form.
///
/// Attributes of an extension are scalars, so `target` and `metadata` are text here: `alice,bob`,
/// and a JSON object written as a string.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent {
    /// Always `1.0`.
    #[schema(pattern = "^1[.]0$")]
    pub specversion: String,
    /// Unique over all worlds.
    #[schema(value_type = Uuid)]
    pub id: EventId,
    /// What kind of fact it is.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// `/worlds/{world}/entities/{sender}`.
    pub source: String,
    /// The target, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened.
    pub time: Timestamp,
    /// Always `application/json`.
    #[schema(pattern = "^application/json$")]
    pub datacontenttype: String,
    /// The URI of the schema of `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataschema: Option<String>,
    /// The world that it happened in.
    pub world: WorldId,
    /// Who caused it.
    pub sender: EntityId,
    /// Whom it is for; nobody named means everyone in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The chat that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// Its place in the log, `{seq}.{index}`: pass it as `after` to go on behind it.
    pub sequence: Position,
    /// The event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub causationid: Option<EventId>,
    /// What everything of its turn shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<Uuid>,
    /// The W3C trace context of the request that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What this kind of event means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A description of this one event, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whatever else its sender attached: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The payload, byte for byte as it was sent.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
}

impl CloudEvent {
    /// The event at `position` of a world's log, as it leaves the system.
    pub fn new(world: &WorldId, position: Position, at: Timestamp, event: Event) -> Self {
        Self {
            specversion: SPEC_VERSION.to_owned(),
            id: event.id,
            event_type: event.event_type,
            source: source(world.as_str(), &event.sender),
            subject: event.target.as_ref().map(ToString::to_string),
            time: at,
            datacontenttype: "application/json".to_owned(),
            dataschema: event.schema,
            world: world.clone(),
            sender: event.sender,
            target: event.target,
            chat: event.chat,
            sequence: position,
            causationid: event.causation,
            correlationid: event.correlation,
            traceparent: event.trace,
            description: event.description,
            summary: event.summary,
            metadata: event.metadata.map(|metadata| metadata.get().to_owned()),
            data: event.data,
        }
    }

    /// A row of the archive, as it leaves the system.
    pub fn from_row(world: &WorldId, row: EventRow) -> Self {
        Self::new(world, row.position, row.at, row.event)
    }

    /// The commit that holds this event.
    pub fn seq(&self) -> Seq {
        self.sequence.seq
    }

    /// The event that these attributes (names without their prefix) and this payload make.
    ///
    /// # Errors
    /// [`InvalidAttribute`] names the attribute that is missing or makes no sense.
    pub fn from_attributes<'a>(
        attributes: impl Iterator<Item = (&'a str, &'a str)>,
        data: &[u8],
    ) -> Result<Self, InvalidAttribute> {
        let mut object: serde_json::Map<String, serde_json::Value> = attributes
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        object.insert("datacontenttype".to_owned(), "application/json".into());
        object.insert("data".to_owned(), serde_json::Value::Null);
        let mut event: Self =
            serde_json::from_value(object.into()).map_err(|source| InvalidAttribute { source })?;
        event.data = serde_json::from_slice(data).map_err(|source| InvalidAttribute { source })?;
        Ok(event)
    }
}

/// An event in binary mode whose attributes or payload make no sense.
#[derive(Debug, thiserror::Error)]
#[error("read an event in binary mode")]
pub struct InvalidAttribute {
    source: serde_json::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_without_an_id_is_refused() {
        assert!(CloudEvent::from_attributes([("type", "a.b")].into_iter(), b"{}").is_err());
    }
}
