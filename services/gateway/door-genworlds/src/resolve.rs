//! What the names in frames stand for: ids, the id of the world itself, and display names. Pure.

use contract::{Entity, EntityId, Target, WorldId};
use door_kit::Problem;

use crate::client_entity::id_of_name;
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

/// The longest name of an entity, in bytes: 200 characters of any script fit.
const NAME_BYTES_MAX: usize = 800;

/// Whom a name stands for.
#[derive(Debug)]
pub(crate) enum Named<'a> {
    /// The world itself.
    World,
    /// An entity that the world has.
    Known(&'a Entity),
    /// Nobody yet: it would have this id, and this display name.
    New { id: EntityId, name: String },
}

/// The entity that a client names as itself.
///
/// # Errors
/// 422 when nobody can have this name, or several have it.
pub(crate) fn sender<'a>(
    name: &str,
    world: &WorldId,
    matches: &'a NameMatches,
) -> Result<Named<'a>, Problem> {
    // A new client may have the display name of an entity that workers run.
    let may_be = |named: &&Entity| is_run_by_client(named);
    find("sender_id", name, world, matches, may_be)
}

/// The one entity that a client names as a target.
///
/// # Errors
/// 422 when nobody can have this name, or several have it.
pub(crate) fn target<'a>(
    name: &str,
    world: &WorldId,
    matches: &'a NameMatches,
) -> Result<Named<'a>, Problem> {
    find("target_id", name, world, matches, |_| true)
}

fn find<'a>(
    field: &str,
    name: &str,
    world: &WorldId,
    matches: &'a NameMatches,
    may_be: impl Fn(&&'a Entity) -> bool,
) -> Result<Named<'a>, Problem> {
    let Some(id) = entity_id(name, world) else {
        if let Some(named) = matches.by_name() {
            return Ok(Named::Known(named));
        }
        return new_by_name(field, name, matches);
    };
    if id == EntityId::world() {
        return Ok(Named::World);
    }
    if let Some(entity) = matches.by_id().or(matches.by_name().filter(may_be)) {
        return Ok(Named::Known(entity));
    }
    let name = String::new();
    Ok(Named::New { id, name })
}

fn new_by_name<'a>(field: &str, name: &str, matches: &NameMatches) -> Result<Named<'a>, Problem> {
    if matches.is_ambiguous() {
        let detail = format!("several entities have the name {name:?}: use an id");
        return Err(Problem::invalid(field, detail));
    }
    let is_name = !name.trim().is_empty() && !name.contains(char::is_control);
    let id = id_of_name(name).filter(|_| is_name && name.len() <= NAME_BYTES_MAX);
    let name = name.to_owned();
    match id {
        Some(id) => Ok(Named::New { id, name }),
        None => {
            let detail = format!(
                "{field} is the name of an entity: 1 to {NAME_BYTES_MAX} bytes without control characters"
            );
            Err(Problem::invalid(field, detail))
        }
    }
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
            ("one", User, "the twin"),
            ("two", User, "the twin"),
        ];
        let world = "lobby".parse().unwrap();
        let robin = id_of_name("Sir Robin").unwrap();
        for (name, expected) in [
            ("qna-agent", Some("qna-agent")),
            ("qna agent", Some("qna-agent")),
            ("QnA", Some("other")),
            ("Parrot", Some("new Parrot")),
            // An id goes before a name.
            ("bob", Some("bob")),
            // Two have this name: it is a new entity, unless it is no id.
            ("twin", Some("new twin")),
            ("the twin", None),
            ("test_user", Some("new test_user")),
            ("lobby", Some("world")),
            ("Sir Robin", Some(&*format!("new {robin}"))),
            ("", None),
            (" ", None),
            ("a\nb", None),
        ] {
            let matches = matches(name, &entities);
            let found = sender(name, &world, &matches)
                .ok()
                .map(|found| match found {
                    Named::World => "world".to_owned(),
                    Named::Known(entity) => entity.id.to_string(),
                    Named::New { id, .. } => format!("new {id}"),
                });
            assert_eq!(found.as_deref(), expected, "{name}");
        }
        let long = |length| "é".repeat(length);
        for (name, is_name) in [(long(200), true), (long(401), false)] {
            assert_eq!(sender(&name, &world, &matches(&name, &[])).is_ok(), is_name);
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
