//! The event at the doors and on `mw.evt`: CloudEvents 1.0 (source: the specification and its JSON
//! and NATS bindings, cloudevents.io).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::commit::Position;
use crate::query::EventRow;
use crate::{ChatId, Event, EventId, EventType, Seq, Target, Timestamp, WorldId};

/// The media type of one event in structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";
/// The media type of a list of events in structured mode.
pub const BATCH_MEDIA_TYPE: &str = "application/cloudevents-batch+json";
/// The version of the specification.
pub const SPEC_VERSION: &str = "1.0";
/// What begins the name of a header that carries an attribute in binary mode.
pub const HEADER_PREFIX: &str = "ce-";
/// The header on `mw.evt` that tells the commit.
pub const SEQ_HEADER: &str = "mw-seq";

/// An event in CloudEvents' structured JSON form.
///
/// Attributes of an extension are scalars, so `target` and `metadata` are text here: `alice,bob`,
/// and a JSON object written as a string.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent {
    /// Always `1.0`.
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
    pub datacontenttype: String,
    /// The URI of the schema of `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataschema: Option<String>,
    /// The world that it happened in.
    pub world: WorldId,
    /// Who caused it.
    pub sender: crate::EntityId,
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
    /// What this one event says, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whatever else its sender attached: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The payload, byte for byte as it was sent.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

impl CloudEvent {
    /// The event at `position` of a world's log, as it leaves the system.
    pub fn new(world: &WorldId, position: Position, at: Timestamp, event: Event) -> Self {
        Self {
            specversion: SPEC_VERSION.to_owned(),
            id: event.id,
            event_type: event.event_type,
            source: format!("/worlds/{world}/entities/{}", event.sender),
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

    /// The attributes as they go into headers in binary mode: names without their prefix.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![
            ("specversion", self.specversion.clone()),
            ("id", self.id.to_string()),
            ("type", self.event_type.to_string()),
            ("source", self.source.clone()),
            ("time", self.time.to_string()),
            ("world", self.world.to_string()),
            ("sender", self.sender.to_string()),
            ("sequence", self.sequence.to_string()),
        ];
        let optional = [
            ("subject", self.subject.clone()),
            ("dataschema", self.dataschema.clone()),
            ("target", self.target.as_ref().map(ToString::to_string)),
            ("chat", self.chat.as_ref().map(ToString::to_string)),
            ("causationid", self.causationid.map(|id| id.to_string())),
            ("correlationid", self.correlationid.map(|id| id.to_string())),
            ("traceparent", self.traceparent.clone()),
            ("description", self.description.clone()),
            ("summary", self.summary.clone()),
            ("metadata", self.metadata.clone()),
        ];
        attributes.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        attributes
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
    use crate::CommandId;

    #[test]
    fn binary_mode_gives_the_event_back() {
        let world: WorldId = "lobby".parse().unwrap();
        let event = Event {
            id: CommandId::new().event(0),
            event_type: "myapp.order.created".parse().unwrap(),
            sender: "ada".parse().unwrap(),
            target: Some("bob,eve".parse().unwrap()),
            chat: Some("main".parse().unwrap()),
            causation: Some(CommandId::new().event(3)),
            correlation: Some(Uuid::now_v7()),
            trace: None,
            schema: None,
            description: None,
            summary: Some("an order, \"quoted\"".to_owned()),
            metadata: Some(RawValue::from_string(r#"{"a": 1}"#.to_owned()).unwrap()),
            data: RawValue::from_string(r#"{"n":   1.0e2}"#.to_owned()).unwrap(),
        };
        let position = Position { seq: 7, index: 2 };
        let before = CloudEvent::new(&world, position, Timestamp::from_unix_ms(5), event);
        let attributes = before.attributes();
        let pairs = attributes
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let after = CloudEvent::from_attributes(pairs, before.data.get().as_bytes()).unwrap();
        assert_eq!(
            serde_json::to_string(&after).unwrap(),
            serde_json::to_string(&before).unwrap()
        );
    }

    #[test]
    fn an_event_without_an_id_is_refused() {
        assert!(CloudEvent::from_attributes([("type", "a.b")].into_iter(), b"{}").is_err());
    }
}
