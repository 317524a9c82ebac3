//! The events in a body, whichever form it has.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use contract::cloud_event::{BATCH_MEDIA_TYPE, MEDIA_TYPE};
use contract::http::SendEventsRequest;
use contract::{CommandId, EntityId, NewEvent, WorldId};
use door_kit::{Problem, media_type, parse_json, unsupported_media_type};
use serde_json::value::RawValue;

use crate::cloud_events::{self, InboundCloudEvent};

/// The events in a body, whichever form it has.
pub(crate) struct ParsedEvents {
    pub(crate) sender: EntityId,
    pub(crate) events: Vec<NewEvent>,
    /// The id of the command that follows from the client's own ids.
    pub(crate) id: Option<CommandId>,
    pub(crate) shape: BodyShape,
}

/// Where the events are in a body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BodyShape {
    /// Under `events[…]`.
    List,
    /// The body is one event.
    Single,
    /// The body is a list of events.
    Batch,
}

impl ParsedEvents {
    /// Parses a body by its media type, and by the headers of a CloudEvent in binary mode.
    pub(crate) fn from_body(
        headers: &HeaderMap,
        body: &[u8],
        world: &WorldId,
    ) -> Result<Self, Problem> {
        if cloud_events::is_binary(headers) {
            let event = cloud_events::parse_binary(headers, body, world)?;
            return Self::from_cloud_events(vec![event], BodyShape::Single);
        }
        match media_type(headers).as_deref() {
            Some(MEDIA_TYPE) => {
                let event = cloud_events::parse_structured(body, world)?;
                Self::from_cloud_events(vec![event], BodyShape::Single)
            }
            Some(BATCH_MEDIA_TYPE) => {
                let events = cloud_events::parse_batch(body, world)?;
                Self::from_cloud_events(events, BodyShape::Batch)
            }
            Some("application/json") => Self::from_json(body),
            _ => {
                let types = "application/json, application/cloudevents+json or \
                             application/cloudevents-batch+json";
                Err(unsupported_media_type(types))
            }
        }
    }

    /// Parses `{sender, events: […]}`, or one event with its `sender` beside it.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, Problem> {
        let mut object: BTreeMap<String, Box<RawValue>> = parse_json(json)?;
        if object.contains_key("events") {
            let body: SendEventsRequest = parse_json(json)?;
            return Ok(Self {
                sender: body.sender,
                events: body.events,
                id: None,
                shape: BodyShape::List,
            });
        }
        let sender = object
            .remove("sender")
            .ok_or_else(|| Problem::invalid("sender", "an event has a sender"))?;
        let sender = serde_json::from_str(sender.get())
            .map_err(|error| Problem::invalid("sender", error.to_string()))?;
        let event = serde_json::to_vec(&object).unwrap_or_default();
        Ok(Self {
            sender,
            events: vec![parse_json(&event)?],
            id: None,
            shape: BodyShape::Single,
        })
    }

    fn from_cloud_events(
        events: Vec<InboundCloudEvent>,
        shape: BodyShape,
    ) -> Result<Self, Problem> {
        let id = InboundCloudEvent::command_id(&events);
        let Some(sender) = events.first().map(|event| event.sender.clone()) else {
            return Err(Problem::invalid("body", "a batch has at least one event"));
        };
        if let Some(index) = events.iter().position(|event| event.sender != sender) {
            let detail = "the events of one batch have one sender: they are stored together";
            return Err(Problem::invalid(format!("[{index}].sender"), detail));
        }
        Ok(Self {
            sender,
            events: events.into_iter().map(|inbound| inbound.event).collect(),
            id: Some(id),
            shape,
        })
    }
}

impl BodyShape {
    /// The same problem, with its field as the client wrote it: in the world's rejection it is `events[2].type`.
    pub(crate) fn rewrite_field_path(self, mut problem: Problem) -> Problem {
        let prefix = match self {
            Self::List => return problem,
            Self::Single => "events[0].",
            Self::Batch => "events",
        };
        let field = problem.field.as_deref();
        if let Some(field) = field.and_then(|field| field.strip_prefix(prefix)) {
            problem.field = Some(field.to_owned());
        }
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_may_stand_beside_its_sender() {
        let parsed =
            ParsedEvents::from_json(br#"{"sender":"ada","type":"a.b","data":{"n":  1}}"#).unwrap();
        assert_eq!(parsed.sender.as_str(), "ada");
        assert_eq!(parsed.events[0].data.get(), r#"{"n":  1}"#);
    }

    #[test]
    fn an_invalid_event_is_refused_with_the_path_of_its_field() {
        for (json, field) in [
            (r#"{"type":"a.b","data":1}"#, "sender"),
            (r#"{"sender":"a b","type":"a.b","data":1}"#, "sender"),
            (r#"{"sender":"ada","type":"a b","data":1}"#, "type"),
            (r#"{"sender":"ada","type":"a.b"}"#, "data"),
            (r#"{"sender":"ada","type":"a.b","data":1,"x":1}"#, "x"),
            (
                r#"{"sender":"ada","events":[{"type":"a.b"}]}"#,
                "events[0].data",
            ),
            (
                r#"{"sender":"ada","events":[{"type":"a.b","data":1,"x":{}}]}"#,
                "events[0].x",
            ),
            (r#"{"sender":"ada","events":[],"x":1}"#, "x"),
        ] {
            let problem = ParsedEvents::from_json(json.as_bytes()).err().unwrap();
            assert_eq!(problem.status.as_u16(), 422, "{json}");
            assert_eq!(problem.field.as_deref(), Some(field), "{json}");
        }
    }

    #[test]
    fn a_field_is_named_as_the_client_wrote_it() {
        for (shape, expected) in [
            (BodyShape::List, "events[0].type"),
            (BodyShape::Single, "type"),
            (BodyShape::Batch, "[0].type"),
        ] {
            let problem = Problem::invalid("events[0].type", "");
            let problem = shape.rewrite_field_path(problem);
            assert_eq!(problem.field.as_deref(), Some(expected));
        }
    }
}
