//! What the names in frames stand for: ids, the world's own, and what people call an entity. Pure.

use contract::{EntityId, Target, WorldId};

use super::model::Model;
use super::speaker::is_of_clients;
use super::spoken::invalid;
use crate::problem::Problem;

/// The entity that a name stands for if it is an id. The world is called by its own id here.
pub(super) fn entity(name: &str, world: &WorldId) -> Option<EntityId> {
    if name == world.as_str() {
        return Some(EntityId::world());
    }
    name.parse().ok()
}

/// The target that a name stands for if it is made of ids, or a role.
pub(super) fn target(name: &str, world: &WorldId) -> Option<Target> {
    if name == world.as_str() {
        return Some(Target::Entities(vec![EntityId::world()]));
    }
    name.parse().ok()
}

/// The entity of a world in whose name a client speaks, or that is to come into it.
///
/// # Errors
/// 422 when it is neither an id nor what one entity is called.
pub(super) fn entity_in(name: &str, world: &WorldId, model: &Model) -> Result<EntityId, Problem> {
    let Some(id) = entity(name, world) else {
        let named = model.named(name);
        return named.ok_or_else(|| unknown("sender_id", name));
    };
    if id == EntityId::world() || model.entity(&id).is_some() {
        return Ok(id);
    }
    // Somebody new may have the name of one that workers run.
    let named = model.named(name).filter(|named| {
        let entity = model.entity(named);
        entity.is_some_and(|entity| is_of_clients(&entity))
    });
    Ok(named.unwrap_or(id))
}

/// A name that is neither an id nor an entity's.
pub(super) fn unknown(field: &str, name: &str) -> Problem {
    let detail = format!("{name:?} is neither an id nor what exactly one entity is called");
    invalid(field, &detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sender_is_an_id_or_what_one_entity_is_called() {
        let state = json!({"entities": {
            "qna-agent": {"id": "qna-agent", "kind": "agent", "name": "qna agent"},
            "other": {"id": "other", "kind": "user", "name": "QnA"},
            "parrot": {"id": "parrot", "kind": "agent", "name": "Parrot"},
            "ada": {"id": "ada", "kind": "user", "name": "bob"},
            "bob": {"id": "bob", "kind": "agent", "name": "twin"},
            "eve": {"id": "eve", "kind": "agent", "name": "twin"},
        }});
        let model: Model = serde_json::from_str(&state.to_string()).unwrap();
        let world = "lobby".parse().unwrap();
        for (name, expected) in [
            ("qna-agent", Some("qna-agent")),
            ("qna agent", Some("qna-agent")),
            ("QnA", Some("other")),
            ("Parrot", Some("Parrot")),
            // An id goes before a name.
            ("bob", Some("bob")),
            // Two are called so: it is somebody new.
            ("twin", Some("twin")),
            ("test_user", Some("test_user")),
            ("lobby", Some("world")),
            ("test user", None),
            ("", None),
        ] {
            let found = entity_in(name, &world, &model);
            let found = found.as_ref().map(EntityId::as_str).ok();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn the_world_has_two_names() {
        let world = "rag-world".parse().unwrap();
        for name in ["rag-world", "world"] {
            assert_eq!(target(name, &world), "world".parse().ok());
            assert_eq!(entity(name, &world), Some(EntityId::world()));
        }
        assert_eq!(target("qna agent", &world), None);
        assert_eq!(target("role:judge", &world), "role:judge".parse().ok());
    }
}
