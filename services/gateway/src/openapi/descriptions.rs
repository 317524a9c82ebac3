//! What responses are: a response that does not say so itself is what its schema describes.

use std::collections::BTreeMap;

use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, RefOr, Response, Schema};

/// The schemas of the description, by name.
pub(super) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// What a response without a schema of its own is, by its status.
const BY_STATUS: [(&str, &str); 2] = [
    ("101", "The WebSocket is open."),
    ("204", "It is done, and durable."),
];

/// The media type of event streams.
const EVENT_STREAM: &str = "text/event-stream";

/// Describes the responses of a route that are not described. An event stream has no schema: version 3.1 of `OpenAPI`
/// has none for events one by one, and one of the whole text says nothing.
pub(super) fn complete(schemas: &Schemas, operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if let Some(RefOr::T(events)) = response.content.get_mut(EVENT_STREAM) {
            events.schema = None;
        }
        if response.description.is_empty()
            && let Some(description) = describe(schemas, status, response)
        {
            response.description = description;
        }
    }
}

fn describe(schemas: &Schemas, status: &str, response: &Response) -> Option<String> {
    let by_status = BY_STATUS.iter().find(|(known, _)| *known == status);
    if let Some((_, description)) = by_status {
        return Some((*description).to_owned());
    }
    if response.content.contains_key(EVENT_STREAM) {
        return Some("Server-sent events, as they come.".to_owned());
    }
    let RefOr::T(Content {
        schema: Some(schema),
        ..
    }) = response.content.values().next()?
    else {
        return None;
    };
    description_of(schemas, schema)
}

/// What the author of a schema has written about it.
fn description_of(schemas: &Schemas, schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(reference) => {
            let (_, name) = reference.ref_location.rsplit_once('/')?;
            description_of(schemas, schemas.get(name)?)
        }
        RefOr::T(schema) => match schema {
            Schema::Object(object) => object.description.clone(),
            Schema::Array(array) => array.description.clone(),
            Schema::OneOf(one_of) => one_of.description.clone(),
            Schema::AllOf(all_of) => all_of.description.clone(),
            Schema::AnyOf(any_of) => any_of.description.clone(),
            _ => None,
        },
    }
}
