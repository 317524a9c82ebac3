//! Changes of entities: their state, who holds them, where they are.

use std::collections::BTreeMap;

use contract::ability::EntityPatch;
use contract::fact::EntityChanged;
use contract::{Entity, EntityId, Fact, Rejection, RejectionCode};
use schema::Schema;
use serde_json::Value;
use serde_json::value::RawValue;

use super::state::World;
use super::{Decision, event_types, invalid, reject, within};

/// The longest state: it is in the world's own, and in each event that describes its entity.
pub(super) const STATE_BYTES_MAX: usize = 64 * 1024;
const LOCATION_BYTES_MAX: usize = 256;
/// Changes of one command.
const CHANGES_MAX: usize = 100;

/// Changes that belong together, in the name of `actor`: all of them or none.
pub(super) fn change_all(
    world: &World,
    changes: &[EntityPatch],
    actor: &EntityId,
    field: &str,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if changes.len() > CHANGES_MAX {
        let detail = format!(
            "{} changes; at most {CHANGES_MAX} are made at once",
            changes.len()
        );
        return Err(reject(
            RejectionCode::TooLarge,
            detail,
            Some(field.to_owned()),
        ));
    }
    // What an earlier change made of an entity counts for the later ones.
    let mut changed: BTreeMap<&EntityId, Entity> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let id = change.entity();
        let now = match changed.get(id) {
            Some(entity) => entity,
            None => world.check_entity(id, &format!("{field}.entity"))?,
        };
        check(world, now, change, actor, &field)?;
        let mut then = now.clone();
        make(&mut then, change)
            .map_err(|reason| invalid(format!("{field}.state.patch"), reason))?;
        check_state(&then, &field)?;
        changed.insert(id, then);
        let changed = EntityChanged {
            change: change.clone(),
        };
        let about = super::About {
            sender: Some(actor.clone()),
            ..super::About::default()
        };
        decision.push_about(Fact::EntityChanged(changed), about)?;
    }
    Ok(())
}

/// Whether `actor` may make a change of an entity that is as it is now.
fn check(
    world: &World,
    now: &Entity,
    change: &EntityPatch,
    actor: &EntityId,
    field: &str,
) -> Result<(), Rejection> {
    let is_own = *actor == now.id || *actor == EntityId::world();
    match change {
        EntityPatch::State { revision, .. } => {
            if !is_own {
                return Err(not_allowed(
                    field,
                    format!("only {} changes its state", now.id),
                ));
            }
            match revision {
                Some(revision) if *revision != now.revision => {
                    let detail = format!("{} is at revision {} by now", now.id, now.revision);
                    let field = Some(format!("{field}.state.revision"));
                    Err(reject(RejectionCode::Conflict, detail, field))
                }
                _ => Ok(()),
            }
        }
        EntityPatch::Holder { from, to, .. } => {
            if now.held_by != *from {
                let holder = now.held_by.as_ref().map_or("nobody", EntityId::as_str);
                let detail = format!("{} is held by {holder}", now.id);
                let field = Some(format!("{field}.holder.from"));
                return Err(reject(RejectionCode::Conflict, detail, field));
            }
            if !is_own && now.held_by.as_ref() != Some(actor) {
                return Err(not_allowed(
                    field,
                    format!("{actor} does not hold {}", now.id),
                ));
            }
            match to {
                Some(to) if *to == now.id => Err(invalid(
                    format!("{field}.holder.to"),
                    "nothing holds itself",
                )),
                Some(to) => world
                    .check_entity(to, &format!("{field}.holder.to"))
                    .map(|_| ()),
                None => Ok(()),
            }
        }
        EntityPatch::Location { to, .. } => {
            if !is_own {
                return Err(not_allowed(field, format!("only {} moves itself", now.id)));
            }
            let to = to.as_deref().unwrap_or_default();
            World::check_text(to, LOCATION_BYTES_MAX, &format!("{field}.location.to"))
        }
    }
}

fn not_allowed(field: &str, detail: String) -> Rejection {
    reject(RejectionCode::NotAllowed, detail, Some(field.to_owned()))
}

/// Makes a change. It fails only on a patch that does not fit the state.
pub(super) fn make(entity: &mut Entity, change: &EntityPatch) -> Result<(), String> {
    match change {
        EntityPatch::State { patch, .. } => {
            let patch: json_patch::Patch = serde_json::from_str(patch.get())
                .map_err(|error| format!("it is no JSON Patch: {error}"))?;
            let mut state = entity.state.clone().unwrap_or(Value::Null);
            json_patch::patch(&mut state, &patch).map_err(|error| error.to_string())?;
            entity.state = Some(state).filter(|state| !state.is_null());
        }
        EntityPatch::Holder { to, .. } => entity.held_by.clone_from(to),
        EntityPatch::Location { to, .. } => entity.location.clone_from(to),
    }
    entity.revision += 1;
    Ok(())
}

/// Whether an entity's state is what its schema promises; `field` is where it stands.
pub(super) fn check_state(entity: &Entity, field: &str) -> Result<(), Rejection> {
    let state = entity.state.as_ref().unwrap_or(&Value::Null);
    let text = state.to_string();
    let field = within(field, "state");
    if text.len() > STATE_BYTES_MAX {
        let detail = format!("{} bytes; at most {STATE_BYTES_MAX} are kept", text.len());
        return Err(reject(RejectionCode::TooLarge, detail, Some(field)));
    }
    let Some(promised) = &entity.state_schema else {
        return Ok(());
    };
    let schema = parse(promised, &format!("{field}_schema"))?;
    let state = RawValue::from_string(text).map_err(|error| invalid(&field, error.to_string()))?;
    schema
        .check(&state)
        .map_err(|faults| event_types::broken(&faults, &field))
}

/// Reads a schema that is written as a value.
pub(super) fn parse(schema: &Value, field: &str) -> Result<Schema, Rejection> {
    let raw = serde_json::value::to_raw_value(schema);
    let raw = raw.map_err(|error| invalid(field, error.to_string()))?;
    Schema::parse(&raw).map_err(|error| invalid(field, error.to_string()))
}
