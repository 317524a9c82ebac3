//! Patches of entities: of their state, of who holds them, of where they are.

use contract::Entity;
use contract::ability::EntityPatch;
use serde_json::Value;

/// Applies a patch. It fails only where a JSON Patch does not fit the state.
pub(super) fn apply_patch(entity: &mut Entity, patch: &EntityPatch) -> Result<(), String> {
    match patch {
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
