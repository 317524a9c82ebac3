//! The sender of a message: the names that clients send, and the entities that they stand for.

use contract::view::GetEntity;
use contract::{Command, Entity, EntityId, EntityKind, RejectionCode, WorldId};
use door_kit::Idempotency;

use crate::error::ApiError;
use crate::names::{id_from_name, ids_of_name};
use crate::state::AgentWorldState;

/// The entity of every person that has no other.
pub(crate) const HUMAN: &str = "human";

/// The entity `human`, which this door adds to each world that it creates.
pub(crate) fn human_entity() -> Option<Entity> {
    Some(Entity::new(HUMAN.parse().ok()?, EntityKind::User))
}

/// Asks for the entities that the name of a sender may stand for.
pub(crate) fn request(name: &str) -> Vec<GetEntity> {
    let ids = match is_human(name) {
        true => ids_of_name(HUMAN),
        false => ids_of_name(name),
    };
    ids.into_iter().map(|id| GetEntity { id }).collect()
}

/// The entity of the name that a client sends as; `found` are those of [`request`]. It is created if the
/// world does not have it.
///
/// # Errors
/// 400 when no id can be derived from the name.
pub(crate) async fn resolve(
    state: &AgentWorldState,
    idempotency: &Idempotency,
    world: &WorldId,
    name: &str,
    found: Vec<Option<Entity>>,
) -> Result<EntityId, ApiError> {
    if let Some(entity) = found.into_iter().flatten().next() {
        return Ok(entity.id);
    }
    let entity = new_sender(name).ok_or_else(|| {
        let message = "A sender is human, world, or a name with Latin letters or digits";
        ApiError::invalid_field("sender", message)
    })?;
    let id = entity.id.clone();
    if id == EntityId::world() {
        return Ok(id);
    }
    let command = Command::CreateEntity(entity);
    let command_id = idempotency.secondary_id(world, "sender");
    let sent = state.send_as_world(idempotency.principal(), world, command_id, command);
    match sent.await {
        // Another request has created it meanwhile.
        Err(problem) if problem.rejection == Some(RejectionCode::AlreadyExists) => Ok(id),
        Err(problem) => Err(problem.into()),
        Ok(_) => Ok(id),
    }
}

/// Whether the sender of this name is `human`.
pub(crate) fn is_human(name: &str) -> bool {
    let name = name.to_lowercase();
    name.is_empty() || name == HUMAN || name.starts_with("user")
}

/// The entity for a name that stands for none of the world's.
fn new_sender(name: &str) -> Option<Entity> {
    if is_human(name) {
        return human_entity();
    }
    let id: EntityId = id_from_name(name)?;
    let kind = match id.as_str() {
        "you" => EntityKind::User,
        _ => EntityKind::Object,
    };
    let name = if name == id.as_str() { "" } else { name };
    Some(Entity {
        id,
        kind,
        name: name.to_owned(),
        ..human_entity()?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_an_entity() {
        use EntityKind::{Object, User};
        for (name, requested, expected) in [
            ("", &["human"][..], Some(("human", User))),
            ("human", &["human"], Some(("human", User))),
            ("HUMAN", &["human"], Some(("human", User))),
            ("User42", &["human"], Some(("human", User))),
            ("you", &["you"], Some(("you", User))),
            ("system", &["system"], Some(("system", Object))),
            ("world", &["world"], Some(("world", Object))),
            ("Bob", &["Bob", "bob"], Some(("bob", Object))),
            ("Mary Ann", &["mary-ann"], Some(("mary-ann", Object))),
            ("名前", &[], None),
        ] {
            let request = request(name);
            let ids: Vec<&str> = request.iter().map(|get| get.id.as_str()).collect();
            assert_eq!(ids, requested, "{name:?}");
            let entity = new_sender(name);
            let found = entity
                .as_ref()
                .map(|entity| (entity.id.as_str(), entity.kind));
            assert_eq!(found, expected, "{name:?}");
        }
    }
}
