//! Who speaks: the names that clients send, and the entities that they stand for.

use contract::{Command, Entity, EntityId, EntityKind};

use super::doorway::{Doorway, further_id};
use super::failure::Failure;
use super::model::{Model, id_of};
use crate::caller::Caller;

/// The entity that every person stands for who has no other.
pub(super) const HUMAN: &str = "human";

/// The entity `human`, which this door puts into each world that it makes.
pub(super) fn human() -> Option<Entity> {
    Some(Entity::new(HUMAN.parse().ok()?, EntityKind::User))
}

/// In whose name a client speaks. Somebody whom the world does not know yet comes into it.
///
/// # Errors
/// 400 when the name makes no id.
pub(super) async fn entity(
    doorway: &Doorway,
    caller: &Caller,
    model: &Model,
    name: &str,
) -> Result<EntityId, Failure> {
    let entity = entity_for(name, model).ok_or_else(|| {
        let message = "A sender is human, world, or a name with Latin letters or digits";
        Failure::invalid_field("sender", message)
    })?;
    let id = entity.id.clone();
    if id == EntityId::world() || model.entities.contains_key(&id) {
        return Ok(id);
    }
    let command = Command::CreateEntity(entity);
    let command_id = further_id(caller, &model.id, "sender");
    let sent = doorway.send(&model.id, command_id, EntityId::world(), command);
    match sent.await {
        // Somebody else has brought it in meanwhile.
        Err(problem) if problem.code != "already_exists" => Err(problem.into()),
        _ => Ok(id),
    }
}

/// Whether everyone who speaks under this name is `human`.
pub(super) fn is_human(name: &str) -> bool {
    let name = name.to_lowercase();
    name.is_empty() || name == HUMAN || name.starts_with("user")
}

/// The entity that a name stands for: one of the world's, or a new one.
fn entity_for(name: &str, model: &Model) -> Option<Entity> {
    if is_human(name) {
        return human();
    }
    let exact = name.parse().ok();
    let exact = exact.and_then(|id: EntityId| model.entities.get(&id));
    if let Some(entity) = exact {
        return Some(entity.clone());
    }
    let id: EntityId = id_of(name)?;
    if let Some(entity) = model.entities.get(&id) {
        return Some(entity.clone());
    }
    let kind = match id.as_str() {
        "you" => EntityKind::User,
        _ => EntityKind::Object,
    };
    let name = if name == id.as_str() { "" } else { name };
    Some(Entity {
        id,
        kind,
        name: name.to_owned(),
        ..human()?
    })
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::lobby;
    use super::*;

    #[test]
    fn a_name_stands_for_an_entity() {
        use EntityKind::{Agent, Object, User};
        let lobby = lobby();
        for (name, expected) in [
            ("", Some(("human", User))),
            ("human", Some(("human", User))),
            ("HUMAN", Some(("human", User))),
            ("User42", Some(("human", User))),
            ("you", Some(("you", User))),
            ("system", Some(("system", Object))),
            ("world", Some(("world", Object))),
            ("ada", Some(("ada", Agent))),
            ("Bob", Some(("bob", Object))),
            ("Mary Ann", Some(("mary-ann", Object))),
            ("名前", None),
        ] {
            let entity = entity_for(name, &lobby);
            let found = entity
                .as_ref()
                .map(|entity| (entity.id.as_str(), entity.kind));
            assert_eq!(found, expected, "{name:?}");
        }
    }
}
