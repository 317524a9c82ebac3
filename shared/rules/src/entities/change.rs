//! Changes of entities: who may make which.

use std::collections::BTreeMap;

use contract::ability::EntityPatch;
use contract::fact::EntityChanged;
use contract::{Entity, EntityId, Fact, Rejection, RejectionCode};

use super::check::check_state;
use super::lookup::require_entity;
use super::patch::apply_patch;
use crate::decider::{Decider, EventHeader};
use crate::rejection::{invalid, reject, too_large};
use crate::text::check_text;
use crate::world::World;

const LOCATION_BYTES_MAX: usize = 256;
/// Patches of one command.
const PATCHES_MAX: usize = 100;

/// Patches that belong together, in the name of `actor`: all of them or none.
pub(crate) fn change_all(
    world: &World,
    patches: &[EntityPatch],
    actor: &EntityId,
    field: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if patches.len() > PATCHES_MAX {
        let detail = format!(
            "{} changes; at most {PATCHES_MAX} are made at once",
            patches.len()
        );
        return Err(too_large(detail, Some(field.to_owned())));
    }
    // What an earlier change made of an entity counts for the later ones.
    let mut changed: BTreeMap<&EntityId, Entity> = BTreeMap::new();
    for (index, patch) in patches.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let id = patch.entity();
        let now = match changed.get(id) {
            Some(entity) => entity,
            None => require_entity(world, id, &format!("{field}.entity"))?,
        };
        check_patch(world, now, patch, actor, &field)?;
        let mut then = now.clone();
        apply_patch(&mut then, patch)
            .map_err(|reason| invalid(format!("{field}.state.patch"), reason))?;
        check_state(&then, &field)?;
        changed.insert(id, then);
        let changed = EntityChanged {
            change: patch.clone(),
        };
        let header = EventHeader::sent_by(actor);
        decider.push_with(Fact::EntityChanged(changed), header)?;
    }
    Ok(())
}

/// Whether `actor` may patch an entity that is as it is now.
fn check_patch(
    world: &World,
    now: &Entity,
    patch: &EntityPatch,
    actor: &EntityId,
    field: &str,
) -> Result<(), Rejection> {
    let is_own = *actor == now.id || *actor == EntityId::world();
    match patch {
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
                Some(to) => require_entity(world, to, &format!("{field}.holder.to")).map(|_| ()),
                None => Ok(()),
            }
        }
        EntityPatch::Location { to, .. } => {
            if !is_own {
                return Err(not_allowed(field, format!("only {} moves itself", now.id)));
            }
            let to = to.as_deref().unwrap_or_default();
            check_text(to, LOCATION_BYTES_MAX, &format!("{field}.location.to"))
        }
    }
}

fn not_allowed(field: &str, detail: String) -> Rejection {
    reject(RejectionCode::NotAllowed, detail, Some(field.to_owned()))
}
