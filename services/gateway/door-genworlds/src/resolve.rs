//! What the names in frames stand for: ids, the id of the world itself, and display names. Pure.

use contract::{EntityId, Target, WorldId};
use door_kit::Problem;

use crate::identity::is_run_by_client;
use crate::name_matches::NameMatches;

/// The entity that a name stands for if it is an id. The world itself has the world's id here.
pub(crate) fn entity_id(name: &str, world: &WorldId) -> Option<EntityId> {
    if name == world.as_str() {
        return Some(EntityId::world());
    }
    name.parse().ok()
}

/// The target that a name stands for if it is made of ids, or a role.
pub(crate) fn target_ids(name: &str, world: &WorldId) -> Option<Target> {
    if name == world.as_str() {
        return Some(Target::Entities(vec![EntityId::world()]));
    }
    name.parse().ok()
}

/// The entity that a client names as itself: one of the world, or a new one.
///
/// # Errors
/// 422 when it is neither an id nor the display name of exactly one entity.
pub(crate) fn sender(
    name: &str,
    world: &WorldId,
    matches: &NameMatches,
) -> Result<EntityId, Problem> {
    let Some(id) = entity_id(name, world) else {
        let named = matches.by_name().map(|named| named.id.clone());
        return named.ok_or_else(|| unknown_name("sender_id", name));
    };
    if id == EntityId::world() || matches.by_id().is_some() {
        return Ok(id);
    }
    // A new client may have the display name of an entity that workers run.
    let named = matches.by_name().filter(|named| is_run_by_client(named));
    Ok(named.map_or(id, |named| named.id.clone()))
}

/// The problem of a name that stands for no entity.
pub(crate) fn unknown_name(field: &str, name: &str) -> Problem {
    let detail = format!("{name:?} is neither an id nor the name of exactly one entity");
    Problem::invalid(field, detail)
}

#[cfg(test)]
mod tests {
    use contract::EntityKind::{Agent, User};

    use super::*;
    use crate::name_matches::tests::matches;

    #[test]
    fn a_sender_is_an_id_or_what_one_entity_is_called() {
        let entities = [
            ("qna-agent", Agent, "qna agent"),
            ("other", User, "QnA"),
            ("parrot", Agent, "Parrot"),
            ("ada", User, "bob"),
            ("bob", Agent, "twin"),
            ("eve", Agent, "twin"),
        ];
        let world = "lobby".parse().unwrap();
        for (name, expected) in [
            ("qna-agent", Some("qna-agent")),
            ("qna agent", Some("qna-agent")),
            ("QnA", Some("other")),
            ("Parrot", Some("Parrot")),
            // An id goes before a name.
            ("bob", Some("bob")),
            // Two have this name: it is a new entity.
            ("twin", Some("twin")),
            ("test_user", Some("test_user")),
            ("lobby", Some("world")),
            ("test user", None),
            ("", None),
        ] {
            let found = sender(name, &world, &matches(name, &entities));
            let found = found.as_ref().map(EntityId::as_str).ok();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn the_world_has_two_names() {
        let world = "rag-world".parse().unwrap();
        for name in ["rag-world", "world"] {
            assert_eq!(target_ids(name, &world), "world".parse().ok());
            assert_eq!(entity_id(name, &world), Some(EntityId::world()));
        }
        assert_eq!(target_ids("qna agent", &world), None);
        assert_eq!(target_ids("role:judge", &world), "role:judge".parse().ok());
    }
}
