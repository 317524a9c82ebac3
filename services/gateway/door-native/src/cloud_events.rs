//! Inbound CloudEvents: structured, in a batch, or binary (source: the specification 1.0.2 and its HTTP
//! binding, cloudevents.io).
//!
//! What a CloudEvent has and an event of ours does not (a foreign `source`, its `time`, extensions) is
//! kept in the event's metadata under `cloudevent`.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::http::HeaderMap;
use contract::cloud_event::{HEADER_PREFIX, SPEC_VERSION};
use contract::{CommandId, EntityId, NewEvent, WorldId};
use door_kit::{Problem, is_json, media_type, parse_json, unsupported_media_type};
use serde_json::value::RawValue;

/// The key in the metadata for attributes that an event has no field for.
const METADATA_KEY: &str = "cloudevent";

/// A CloudEvent, as an event of a world.
#[derive(Debug)]
pub(crate) struct InboundCloudEvent {
    source: String,
    id: String,
    pub(crate) sender: EntityId,
    pub(crate) event: NewEvent,
}

impl InboundCloudEvent {
    /// The id of the command that sends these events: the same for the same events, since `source` and
    /// `id` together are unique by the specification. It is never one of their ids: those of a command's
    /// events are counted from it.
    pub(crate) fn command_id(events: &[Self]) -> CommandId {
        let parts: Vec<&str> = events
            .iter()
            .flat_map(|event| [event.source.as_str(), event.id.as_str()])
            .collect();
        CommandId::from_key(&parts)
    }
}

/// Parses `application/cloudevents+json`.
pub(crate) fn parse_structured(json: &[u8], world: &WorldId) -> Result<InboundCloudEvent, Problem> {
    from_object(parse_json(json)?, world)
}

/// Parses `application/cloudevents-batch+json`.
pub(crate) fn parse_batch(json: &[u8], world: &WorldId) -> Result<Vec<InboundCloudEvent>, Problem> {
    let objects: Vec<BTreeMap<String, Box<RawValue>>> = parse_json(json)?;
    (0..)
        .zip(objects)
        .map(|(index, object): (usize, _)| {
            from_object(object, world).map_err(|problem| {
                let field = problem.field.clone().unwrap_or_default();
                problem.with_field(format!("[{index}].{field}"))
            })
        })
        .collect()
}

/// Whether a request is a CloudEvent in binary mode.
pub(crate) fn is_binary(headers: &HeaderMap) -> bool {
    headers.contains_key("ce-specversion")
}

/// Parses a request whose `ce-*` headers are the attributes and whose body is the payload.
pub(crate) fn parse_binary(
    headers: &HeaderMap,
    data: &[u8],
    world: &WorldId,
) -> Result<InboundCloudEvent, Problem> {
    let mut attributes = BTreeMap::new();
    for (name, value) in headers {
        if let Some(name) = name.as_str().strip_prefix(HEADER_PREFIX) {
            let value = std::str::from_utf8(value.as_bytes())
                .map_err(|_| Problem::invalid(format!("ce-{name}"), "this header is not UTF-8"))?;
            attributes.insert(name.to_owned(), percent_decode(value));
        }
    }
    let data = if data.is_empty() {
        None
    } else {
        if !media_type(headers).is_some_and(|media_type| is_json(&media_type)) {
            return Err(unsupported_media_type("application/json"));
        }
        Some(parse_json(data)?)
    };
    from_attributes(attributes, data, world)
}

fn from_object(
    mut object: BTreeMap<String, Box<RawValue>>,
    world: &WorldId,
) -> Result<InboundCloudEvent, Problem> {
    let data = object.remove("data");
    if object.contains_key("data_base64") {
        return Err(Problem::invalid(
            "data_base64",
            "the payload of an event is JSON",
        ));
    }
    let mut attributes = BTreeMap::new();
    for (name, value) in object {
        match serde_json::from_str(value.get()) {
            Ok(serde_json::Value::Null) => {}
            Ok(serde_json::Value::String(text)) => drop(attributes.insert(name, text)),
            Ok(scalar @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => {
                attributes.insert(name, scalar.to_string());
            }
            _ => {
                return Err(Problem::invalid(
                    name,
                    "an attribute of a CloudEvent is a scalar",
                ));
            }
        }
    }
    from_attributes(attributes, data, world)
}

fn from_attributes(
    mut attributes: BTreeMap<String, String>,
    data: Option<Box<RawValue>>,
    world: &WorldId,
) -> Result<InboundCloudEvent, Problem> {
    let mut required = |name: &str| {
        let value = attributes.remove(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Problem::invalid(name, format!("a CloudEvent has a {name}")))
    };
    if required("specversion")? != SPEC_VERSION {
        return Err(Problem::invalid("specversion", "this is not version 1.0"));
    }
    let (id, source) = (required("id")?, required("source")?);
    let event_type = parse("type", &required("type")?)?;
    if let Some(media_type) = attributes.remove("datacontenttype")
        && !is_json(&media_type.to_ascii_lowercase())
    {
        return Err(Problem::invalid(
            "datacontenttype",
            "the payload of an event is JSON",
        ));
    }
    if let Some(other) = attributes.remove("world")
        && other != world.as_str()
    {
        return Err(Problem::invalid(
            "world",
            format!("it is sent to the world {world}"),
        ));
    }
    let from_source = source.strip_prefix(&format!("/worlds/{world}/entities/"));
    let sender = match (attributes.remove("sender"), from_source) {
        (Some(sender), _) => parse("sender", &sender)?,
        (None, Some(sender)) => parse("source", sender)?,
        (None, None) => {
            let detail = "name the sender: in this attribute, or as /worlds/{world}/entities/{sender} \
                          in source";
            return Err(Problem::invalid("sender", detail));
        }
    };
    // Our own events have their target twice; the subject of a foreign one is something else.
    if from_source.is_some() && attributes.contains_key("target") {
        attributes.remove("subject");
    }
    // The position in one log means nothing in another.
    attributes.remove("sequence");
    attributes.remove("traceparent");
    let mut take = |name: &str| attributes.remove(name);
    let mut event = NewEvent::new(event_type, data.unwrap_or_else(null));
    event.target = take("target")
        .map(|text| parse("target", &text))
        .transpose()?;
    event.chat = take("chat").map(|text| parse("chat", &text)).transpose()?;
    event.causation = take("causationid")
        .map(|text| parse("causationid", &text))
        .transpose()?;
    event.correlation = take("correlationid")
        .map(|text| parse("correlationid", &text))
        .transpose()?;
    event.schema = take("dataschema");
    event.description = take("description");
    event.summary = take("summary");
    let metadata = take("metadata");
    if from_source.is_none() {
        attributes.insert("id".to_owned(), id.clone());
        attributes.insert("source".to_owned(), source.clone());
    }
    event.metadata = metadata_with(metadata, &attributes)?;
    Ok(InboundCloudEvent {
        source,
        id,
        sender,
        event,
    })
}

/// The sender's metadata, with the attributes that an event has no field for.
fn metadata_with(
    metadata: Option<String>,
    rest: &BTreeMap<String, String>,
) -> Result<Option<Box<RawValue>>, Problem> {
    let invalid = |_| Problem::invalid("metadata", "the metadata is a JSON object as text");
    if rest.is_empty() && metadata.is_none() {
        return Ok(None);
    }
    let text = metadata.unwrap_or_else(|| "{}".to_owned());
    let mut object: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(&text).map_err(invalid)?;
    if !rest.is_empty() {
        let rest = serde_json::value::to_raw_value(rest).map_err(invalid)?;
        object.insert(METADATA_KEY.to_owned(), rest);
    }
    serde_json::value::to_raw_value(&object)
        .map(Some)
        .map_err(invalid)
}

fn parse<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|error: T::Err| Problem::invalid(name, error.to_string()))
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// The HTTP binding's escape for what a header can't hold; a percent sign that begins none stays.
fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn world() -> WorldId {
        "lobby".parse().unwrap()
    }

    fn of(value: &serde_json::Value) -> Result<InboundCloudEvent, Problem> {
        parse_structured(value.to_string().as_bytes(), &world())
    }

    #[test]
    fn a_structured_event_keeps_the_attributes_without_a_field() {
        let event = of(&json!({
            "specversion": "1.0", "id": "n-1", "source": "/shop", "type": "shop.order.created",
            "sender": "ada", "target": "bob,eve", "chat": "main", "subject": "order 7",
            "time": "2026-01-01T00:00:00Z", "priority": 3, "metadata": "{\"a\":1}",
            "datacontenttype": "application/json", "data": {"n": 1},
        }))
        .unwrap();
        assert_eq!(event.sender.as_str(), "ada");
        assert_eq!(event.event.target, Some("bob,eve".parse().unwrap()));
        assert_eq!(event.event.data.get(), r#"{"n":1}"#);
        let metadata: serde_json::Value =
            serde_json::from_str(event.event.metadata.unwrap().get()).unwrap();
        assert_eq!(
            metadata,
            json!({"a": 1, "cloudevent": {
                "id": "n-1", "source": "/shop", "subject": "order 7",
                "time": "2026-01-01T00:00:00Z", "priority": "3",
            }})
        );
    }

    #[test]
    fn the_sender_may_be_in_the_source() {
        let event = of(&json!({
            "specversion": "1.0", "id": "1", "type": "a.b",
            "source": "/worlds/lobby/entities/ada",
        }))
        .unwrap();
        assert_eq!(event.sender.as_str(), "ada");
        assert_eq!(event.event.data.get(), "null");
        assert!(event.event.metadata.is_none());
    }

    #[test]
    fn an_invalid_event_is_refused_with_its_attribute() {
        let good = json!({
            "specversion": "1.0", "id": "1", "type": "a.b", "source": "/x", "sender": "ada",
        });
        assert!(of(&good).is_ok());
        for (attribute, value) in [
            ("specversion", json!("0.3")),
            ("specversion", json!(null)),
            ("id", json!("")),
            ("type", json!("a b")),
            ("source", json!(null)),
            ("sender", json!("a b")),
            ("sender", json!(null)),
            ("target", json!("a b")),
            ("chat", json!({"id": 1})),
            ("world", json!("elsewhere")),
            ("correlationid", json!("x")),
            ("metadata", json!("[]")),
            ("datacontenttype", json!("text/xml")),
            ("data_base64", json!("AA==")),
        ] {
            let mut bad = good.clone();
            bad[attribute] = value;
            let problem = of(&bad).unwrap_err();
            assert_eq!(problem.status.as_u16(), 422, "{bad}");
            assert_eq!(problem.field.as_deref(), Some(attribute), "{bad}");
        }
    }

    #[test]
    fn a_binary_event_is_its_headers_and_its_body() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-type", "a.b"),
            ("ce-source", "/x"),
            ("ce-sender", "ada"),
            ("ce-summary", "100%25 %22sure%22"),
            ("content-type", "application/json; charset=utf-8"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        assert!(is_binary(&headers));
        let event = parse_binary(&headers, br#"{"n":  1.0e2}"#, &world()).unwrap();
        assert_eq!(event.event.data.get(), r#"{"n":  1.0e2}"#);
        assert_eq!(event.event.summary.as_deref(), Some("100% \"sure\""));
        assert_eq!(
            parse_binary(&headers, b"{", &world())
                .unwrap_err()
                .status
                .as_u16(),
            400
        );
        headers.insert("content-type", "text/plain".parse().unwrap());
        assert_eq!(
            parse_binary(&headers, b"x", &world())
                .unwrap_err()
                .status
                .as_u16(),
            415
        );
    }

    #[test]
    fn the_same_event_is_the_same_command() {
        let id = uuid::Uuid::now_v7().to_string();
        let event = |source: &str, id: &str| {
            of(&json!({"specversion": "1.0", "id": id, "type": "a.b", "source": source, "sender": "ada"}))
                .unwrap()
        };
        let command = |source: &str, id: &str| InboundCloudEvent::command_id(&[event(source, id)]);
        assert_eq!(command("/x", &id), command("/x", &id));
        assert_ne!(command("/x", &id).to_string(), id);
        assert_eq!(command("/x", "1"), command("/x", "1"));
        assert_ne!(command("/x", "1"), command("/y", "1"));
    }

    #[test]
    fn an_invalid_field_in_a_batch_has_its_path() {
        let problem = parse_batch(br#"[{"specversion":"1.0"}]"#, &world()).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("[0].id"));
    }
}
