//! What there is to refer to.

use contract::name::kebab_id;
use contract::{ActionName, Entity, EntityId, WorldSpec};

use crate::nearest::nearest;

/// What there is to refer to: in the file, and in its world.
pub(super) struct Lookup<'a> {
    entities: Vec<&'a Entity>,
    /// Whether nothing else is in the world.
    pub(super) is_complete: bool,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(spec: &'a WorldSpec, present: Option<&'a [Entity]>) -> Self {
        let entities = spec.entities.iter().chain(present.unwrap_or_default());
        Self {
            entities: entities.collect(),
            is_complete: present.is_none(),
        }
    }

    /// Why the world can't have a main agent of this id or name.
    pub(super) fn missing_agent(&self, wanted: &str) -> Option<String> {
        let wanted = wanted.trim();
        let wanted_id = kebab_id(wanted);
        let is_wanted = |called: &str| {
            wanted.eq_ignore_ascii_case(called)
                || (wanted_id.is_some() && wanted_id == kebab_id(called))
        };
        let agents = || self.entities.iter().filter(|entity| entity.agent.is_some());
        let is_found = agents().any(|agent| is_wanted(agent.id.as_str()) || is_wanted(&agent.name));
        let ids = agents().map(|agent| agent.id.as_str());
        (!is_found).then(|| format!("there is no agent {wanted}{}", meant(wanted, ids)))
    }

    /// Why an event can't be for this entity.
    pub(super) fn missing_entity(&self, id: &EntityId) -> Option<String> {
        let is_found =
            *id == EntityId::world() || self.entities.iter().any(|entity| entity.id == *id);
        let ids = self.entities.iter().map(|entity| entity.id.as_str());
        (!is_found).then(|| format!("there is no entity {id}{}", meant(id.as_str(), ids)))
    }

    /// Why an agent can't use this ability of this entity.
    pub(super) fn missing_ability(
        &self,
        agent: &EntityId,
        entity: &EntityId,
        ability: &ActionName,
    ) -> Option<String> {
        if let Some(reason) = self.missing_entity(entity) {
            return Some(reason);
        }
        let of_entity = || self.entities.iter().filter(|other| other.id == *entity);
        if entity != agent && of_entity().any(|other| other.agent.is_some()) {
            return Some(format!(
                "{entity} is another agent: an agent uses its own abilities and those of objects"
            ));
        }
        let names = || of_entity().flat_map(|other| &other.abilities);
        let is_found = names().any(|other| other.name == *ability);
        let known = names().map(|other| other.name.as_str());
        (!is_found).then(|| {
            format!(
                "{entity} has no ability {ability}{}",
                meant(ability.as_str(), known)
            )
        })
    }
}

/// A question whether another name was meant.
pub(super) fn meant<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let near = nearest(name, known);
    near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"))
}
