//! Pages of entities.

use std::borrow::Cow;

use contract::Entity;
use contract::name::kebab_id;
use contract::view::{EntityPage, GetEntities};

use super::page::page;
use crate::world::World;

pub(super) fn entity_page<'a>(world: &'a World, request: &GetEntities) -> EntityPage<'a> {
    let GetEntities {
        kind,
        name,
        name_id,
        after,
        limit,
    } = request;
    let is_wanted = |entity: &&Entity| {
        kind.is_none_or(|kind| entity.kind == kind)
            && name.as_ref().is_none_or(|name| entity.name == *name)
            && (name_id.is_none() || kebab_id(&entity.name) == *name_id)
    };
    let entities = world.entities.after(after.as_ref()).filter(is_wanted);
    let (entities, next) = page(entities, *limit, |entity| entity.id.clone());
    EntityPage {
        items: entities.into_iter().map(Cow::Borrowed).collect(),
        next,
    }
}
