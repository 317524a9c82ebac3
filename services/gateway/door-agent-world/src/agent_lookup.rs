//! Finds an agent by its id or its name.

use contract::view::{EntityPage, GetEntities, GetEntity};
use contract::{Entity, EntityKind};

use crate::names::ids_of_name;

/// The views that [`found`] takes.
pub(crate) type Request = (Vec<GetEntity>, GetEntities);

/// Asks for the agent of this id or name.
pub(crate) fn request(name: &str) -> Request {
    let ids = ids_of_name(name).into_iter();
    let by_name = GetEntities {
        kind: Some(EntityKind::Agent),
        name: Some(name.to_owned()),
        limit: Some(1),
        after: None,
    };
    (ids.map(|id| GetEntity { id }).collect(), by_name)
}

/// The agent in the views of [`request`]: by its id, by the id that is derived from the name, or by its
/// name.
pub(crate) fn found((by_id, by_name): (Vec<Option<Entity>>, EntityPage<'_>)) -> Option<Entity> {
    let by_id = by_id.into_iter().flatten();
    let by_name = by_name.items.into_iter().map(std::borrow::Cow::into_owned);
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

    #[test]
    fn an_agent_is_found_by_id_or_name_however_it_is_written() {
        let entity = |id: &str, kind, name: &str| Entity {
            name: name.to_owned(),
            ..Entity::new(id.parse().unwrap(), kind)
        };
        let world = [
            entity("ada", EntityKind::Agent, "Ada L"),
            entity("eve-2", EntityKind::Agent, ""),
            entity("bob", EntityKind::Object, "Eve 2"),
        ];
        for (name, expected) in [
            ("ada", Some("ada")),
            ("Ada L", Some("ada")),
            ("Eve 2", Some("eve-2")),
            ("EVE_2", Some("eve-2")),
            ("bob", None),
            ("", None),
            ("名前", None),
        ] {
            let (ids, by_name) = request(name);
            let by_id = ids
                .iter()
                .map(|get| world.iter().find(|entity| entity.id == get.id).cloned());
            let items = world.iter().filter(|entity| {
                Some(entity.kind) == by_name.kind && Some(&entity.name) == by_name.name.as_ref()
            });
            let page = EntityPage {
                items: items.map(Cow::Borrowed).collect(),
                next: None,
            };
            let agent = found((by_id.collect(), page));
            let found = agent.as_ref().map(|agent| &agent.id);
            assert_eq!(found.map(EntityId::as_str), expected, "{name}");
        }
    }
}
