//! Which types may be registered, and which events are what their type promises.

use contract::ability::EventTypeVersion;
use contract::{EventType, NewEvent, Rejection, RejectionCode};
use schema::{Fault, Incompatibility, incompatibilities};
use serde_json::value::RawValue;

use crate::rejection::{field_path, invalid, reject, too_large};
use crate::schemas::{invalid_data, parse_schema};
use crate::text::check_text;
use crate::world::World;

/// The most types of a world, and versions of a type: all of them are in its state.
const TYPES_MAX: usize = 1000;
const VERSIONS_MAX: usize = 32;
const DESCRIPTION_BYTES_MAX: usize = 4096;
/// What begins the schema that an event names, before its type and its version.
const SCHEMA_PREFIX: &str = "event-types/";

/// Whether a type can be registered like this; `field` is where it stands in what was sent.
pub(crate) fn check_registration(
    world: &World,
    wanted: &EventTypeVersion,
    field: &str,
) -> Result<(), Rejection> {
    let at = |name: &str| field_path(field, name);
    if wanted.event_type.is_reserved() {
        let detail = format!("{} is the world's own", wanted.event_type);
        return Err(reject(
            RejectionCode::ReservedType,
            detail,
            Some(at("type")),
        ));
    }
    check_text(
        &wanted.description,
        DESCRIPTION_BYTES_MAX,
        &at("description"),
    )?;
    let schema = parse_schema(&wanted.schema, &at("schema"))?;
    let Some(versions) = world.event_types.versions(&wanted.event_type) else {
        if world.event_types.len() >= TYPES_MAX {
            let detail = format!("a world has at most {TYPES_MAX} types of events");
            return Err(too_large(detail, None));
        }
        return match wanted.version {
            1 => Ok(()),
            _ => Err(invalid(at("version"), "the first version is 1")),
        };
    };
    let newest = versions.last().map_or(0, |newest| newest.version);
    match versions
        .iter()
        .find(|known| known.version == wanted.version)
    {
        Some(known) => {
            let broken = known
                .parsed()
                .map(|known| incompatibilities(known, &schema));
            // What a schema does not mention nobody was promised.
            let is_promised = |broken: &Incompatibility| !broken.undeclared;
            match broken.into_iter().flatten().find(is_promised) {
                None => Ok(()),
                Some(broken) => {
                    let detail = format!(
                        "what was valid would not be any more: {}; register version {}",
                        broken.reason,
                        newest + 1
                    );
                    Err(reject(RejectionCode::Conflict, detail, Some(at("schema"))))
                }
            }
        }
        None if wanted.version != newest + 1 => {
            let detail = format!("the next version is {}", newest + 1);
            Err(invalid(at("version"), detail))
        }
        None if versions.len() >= VERSIONS_MAX => {
            let detail = format!("a type has at most {VERSIONS_MAX} versions");
            Err(too_large(detail, Some(at("version"))))
        }
        None => Ok(()),
    }
}

/// Checks what an event holds, if its type is registered; `field` is where it stands.
pub(crate) fn check_data(world: &World, event: &NewEvent, field: &str) -> Result<(), Rejection> {
    let Some(versions) = world.event_types.versions(&event.event_type) else {
        return Ok(());
    };
    let named = event
        .schema
        .as_deref()
        .and_then(|schema| version_of(schema, &event.event_type));
    let version = match named {
        Some(named) => versions.iter().find(|known| known.version == named),
        None => versions.last(),
    };
    let Some(version) = version else {
        let detail = format!("the type {} has no such version", event.event_type);
        return Err(invalid(format!("{field}.schema"), detail));
    };
    let Some(parsed) = version.parsed() else {
        return Ok(());
    };
    let refused = |faults: Vec<Fault>| invalid_data(&faults, &format!("{field}.data"));
    parsed.check(&event.data).map_err(refused)
}

/// Checks a payload by the newest version of its type, if that is registered; `field` is where it stands.
pub(crate) fn check_payload(
    world: &World,
    event_type: &EventType,
    data: &RawValue,
    field: &str,
) -> Result<(), Rejection> {
    let newest = world.event_types.newest(event_type);
    match newest.and_then(|version| version.parsed()) {
        Some(parsed) => parsed
            .check(data)
            .map_err(|faults| invalid_data(&faults, field)),
        None => Ok(()),
    }
}

/// The version that an event names by its schema.
fn version_of(schema: &str, event_type: &EventType) -> Option<u32> {
    let rest = schema.strip_prefix(SCHEMA_PREFIX)?;
    let version = rest.strip_prefix(event_type.as_str())?.strip_prefix('/')?;
    version.parse().ok()
}
