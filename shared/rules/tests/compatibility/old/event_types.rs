//! The types of custom events that a world checks.

use std::sync::OnceLock;

use contract::ability::EventTypeVersion;
use contract::{EventType, Fact, NewEvent, Rejection, RejectionCode};
use schema::{Fault, Incompatibility, Schema, incompatibilities};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::World;
use super::{Decision, change, invalid, reject, within};

/// The most types of a world, and versions of a type: all of them are in its state.
const TYPES_MAX: usize = 1000;
const VERSIONS_MAX: usize = 32;
const DESCRIPTION_BYTES_MAX: usize = 4096;
/// What begins the schema that an event names, before its type and its version.
const SCHEMA_PREFIX: &str = "event-types/";

/// One version of a type. What it is checked with is made of its schema when it is needed first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) version: u32,
    pub(super) description: String,
    pub(super) schema: Value,
    #[serde(skip)]
    parsed: OnceLock<Option<Schema>>,
}

impl Version {
    pub(super) fn new(registered: &EventTypeVersion) -> Self {
        Self {
            version: registered.version,
            description: registered.description.clone(),
            schema: registered.schema.clone(),
            parsed: OnceLock::new(),
        }
    }

    /// None when a schema that was accepted once is none any more: then nothing is checked.
    fn parsed(&self) -> Option<&Schema> {
        let parse = || change::parse(&self.schema, "schema").ok();
        self.parsed.get_or_init(parse).as_ref()
    }
}

pub(super) fn register(
    world: &World,
    wanted: &EventTypeVersion,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let versions = world.event_types.get(&wanted.event_type);
    if is_known(versions, wanted) {
        return Ok(());
    }
    check(world, wanted, "")?;
    decision.push(Fact::EventTypeRegistered(wanted.clone()))
}

fn is_known(versions: Option<&Vec<Version>>, wanted: &EventTypeVersion) -> bool {
    let mut versions = versions.into_iter().flatten();
    versions.any(|known| {
        known.version == wanted.version
            && known.description == wanted.description
            && known.schema == wanted.schema
    })
}

/// Whether a type can be registered like this; `field` is where it stands in what was sent.
pub(super) fn check(
    world: &World,
    wanted: &EventTypeVersion,
    field: &str,
) -> Result<(), Rejection> {
    let at = |name: &str| within(field, name);
    if wanted.event_type.is_reserved() {
        let detail = format!("{} is the world's own", wanted.event_type);
        return Err(reject(
            RejectionCode::ReservedType,
            detail,
            Some(at("type")),
        ));
    }
    World::check_text(
        &wanted.description,
        DESCRIPTION_BYTES_MAX,
        &at("description"),
    )?;
    let schema = change::parse(&wanted.schema, &at("schema"))?;
    let Some(versions) = world.event_types.get(&wanted.event_type) else {
        if world.event_types.len() >= TYPES_MAX {
            let detail = format!("a world has at most {TYPES_MAX} types of events");
            return Err(reject(RejectionCode::TooLarge, detail, None));
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
            Err(reject(RejectionCode::TooLarge, detail, Some(at("version"))))
        }
        None => Ok(()),
    }
}

/// Checks what an event holds, if its type is registered; `field` is where it stands.
pub(super) fn check_data(world: &World, draft: &NewEvent, field: &str) -> Result<(), Rejection> {
    let Some(versions) = world.event_types.get(&draft.event_type) else {
        return Ok(());
    };
    let named = draft
        .schema
        .as_deref()
        .and_then(|schema| version_of(schema, &draft.event_type));
    let version = match named {
        Some(named) => versions.iter().find(|known| known.version == named),
        None => versions.last(),
    };
    let Some(version) = version else {
        let detail = format!("the type {} has no such version", draft.event_type);
        return Err(invalid(format!("{field}.schema"), detail));
    };
    let Some(parsed) = version.parsed() else {
        return Ok(());
    };
    let refused = |faults: Vec<Fault>| broken(&faults, &format!("{field}.data"));
    parsed.check(&draft.data).map_err(refused)
}

/// The refusal of a value that stands at `field` and is not what its schema promises.
pub(super) fn broken(faults: &[Fault], field: &str) -> Rejection {
    let Some(fault) = faults.first() else {
        return invalid(field, "it is not what its schema promises");
    };
    let path = fault.path.strip_prefix("data").unwrap_or(&fault.path);
    let reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
    invalid(format!("{field}{path}"), reasons.join("; "))
}

/// The version that an event names by its schema.
fn version_of(schema: &str, event_type: &EventType) -> Option<u32> {
    let rest = schema.strip_prefix(SCHEMA_PREFIX)?;
    let version = rest.strip_prefix(event_type.as_str())?.strip_prefix('/')?;
    version.parse().ok()
}
