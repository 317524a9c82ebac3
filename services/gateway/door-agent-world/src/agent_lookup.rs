//! Finds an agent by its id or its name.

use contract::name::kebab_id;
use contract::view::{EntityPage, GetEntities, GetEntity};
use contract::{Entity, EntityKind};

use crate::names::ids_of_name;

/// The views that [`found`] takes.
pub(crate) type Request = (Vec<GetEntity>, Vec<GetEntities>);

/// Asks for the agent of this id or name. Of several with one name the first by its id is meant.
pub(crate) fn request(name: &str) -> Request {
    let ids = ids_of_name(name).into_iter();
    let named = GetEntities {
        kind: Some(EntityKind::Agent),
        limit: Some(1),
        ..GetEntities::default()
    };
    let by_name = GetEntities {
        name: Some(name.to_owned()),
        ..named.clone()
    };
    let by_name_id = kebab_id(name).map(|id| GetEntities {
        name_id: Some(id),
        ..named
    });
    (
        ids.map(|id| GetEntity { id }).collect(),
        [by_name].into_iter().chain(by_name_id).collect(),
    )
}

/// The agent in the views of [`request`]: by its id, by the id that is derived from the name, by its name, or
/// by the id that is derived from its name.
pub(crate) fn found(
    (by_id, by_name): (Vec<Option<Entity>>, Vec<EntityPage<'_>>),
) -> Option<Entity> {
    let by_id = by_id.into_iter().flatten();
    let by_name = by_name.into_iter().flat_map(|page| page.items);
    let by_name = by_name.map(std::borrow::Cow::into_owned);
    let is_agent = |entity: &Entity| entity.kind == EntityKind::Agent;
    by_id
        .chain(by_name.filter(|entity| !entity.name.is_empty()))
        .find(is_agent)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use contract::EntityId;

    use super::*;

    fn find(world: &[Entity], name: &str) -> Option<EntityId> {
        let (ids, by_name) = request(name);
        let by_id = ids
            .iter()
            .map(|get| world.iter().find(|entity| entity.id == get.id).cloned());
        let pages = by_name.iter().map(|get| {
            let items = world.iter().filter(|entity| {
                let name_id = kebab_id(&entity.name);
                Some(entity.kind) == get.kind
                    && get.name.as_ref().is_none_or(|name| entity.name == *name)
                    && get
                        .name_id
                        .as_ref()
                        .is_none_or(|id| name_id.as_ref() == Some(id))
            });
            EntityPage {
                items: items.map(Cow::Borrowed).collect(),
                next: None,
            }
        });
        found((by_id.collect(), pages.collect())).map(|agent| agent.id)
    }

    fn entity(id: &str, kind: EntityKind, name: &str) -> Entity {
        Entity {
            name: name.to_owned(),
            ..Entity::new(id.parse().unwrap(), kind)
        }
    }

    #[test]
    fn an_agent_is_found_by_id_or_name_however_it_is_written() {
        let world = [
            entity("ada", EntityKind::Agent, "Ada L"),
            entity("eve-2", EntityKind::Agent, ""),
            entity("bob", EntityKind::Object, "Eve 2"),
        ];
        for (name, expected) in [
            ("ada", Some("ada")),
            ("Ada L", Some("ada")),
            ("ada-l", Some("ada")),
            ("adaL", Some("ada")),
            ("Eve 2", Some("eve-2")),
            ("EVE_2", Some("eve-2")),
            ("bob", None),
            ("", None),
            ("\u{540d}\u{524d}", None),
        ] {
            let found = find(&world, name);
            assert_eq!(found.as_ref().map(EntityId::as_str), expected, "{name}");
        }
    }

    #[test]
    fn an_id_is_found_before_a_name_and_an_exact_name_before_one_that_is_like_it() {
        let world = [
            entity("a", EntityKind::Agent, "Bee"),
            entity("b", EntityKind::Agent, "Zo\u{eb} Q"),
            entity("bee", EntityKind::Agent, "A"),
            entity("c", EntityKind::Agent, "zoe-q"),
        ];
        for (name, expected) in [
            ("bee", "bee"),
            ("Bee", "bee"),
            ("a", "a"),
            ("zoe-q", "c"),
            ("Zo\u{eb} Q", "b"),
            ("ZoeQ", "b"),
        ] {
            let found = find(&world, name);
            assert_eq!(
                found.as_ref().map(EntityId::as_str),
                Some(expected),
                "{name}"
            );
        }
    }
}
