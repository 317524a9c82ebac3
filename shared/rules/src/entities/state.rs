//! The entities of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use contract::ability::EntityPatch;
use contract::{Entity, EntityId, EventType};
use serde::{Deserialize, Serialize};

use super::patch::apply_patch;

/// The trigger of abilities that every event triggers.
const ANY: &str = "*";

/// Who and what is in a world.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Entities {
    by_id: BTreeMap<EntityId, Entity>,
    /// Who has abilities that events of a type trigger, or `*`.
    by_trigger: BTreeMap<String, BTreeSet<EntityId>>,
    /// Who has a behaviour: its machine decides when what is requested of it is accepted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    with_machine: BTreeSet<EntityId>,
}

impl Entities {
    pub(crate) fn get(&self, id: &EntityId) -> Option<&Entity> {
        self.by_id.get(id)
    }

    pub(crate) fn contains(&self, id: &EntityId) -> bool {
        self.by_id.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All of them, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entity> + Clone {
        self.by_id.values()
    }

    /// Those behind `after`, or all of them, by id.
    pub(crate) fn after(&self, after: Option<&EntityId>) -> impl Iterator<Item = &Entity> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.by_id.range((start, Bound::Unbounded));
        range.map(|(_, entity)| entity)
    }

    /// Those with an ability that an event of this type may trigger, by id.
    pub(crate) fn triggered_by(&self, event_type: &EventType) -> impl Iterator<Item = &Entity> {
        let of = |trigger: &str| self.by_trigger.get(trigger).into_iter().flatten();
        let ids: BTreeSet<&EntityId> = of(event_type.as_str()).chain(of(ANY)).collect();
        ids.into_iter().filter_map(|id| self.by_id.get(id))
    }

    /// Whether a machine decides when an entity accepts what is requested of it.
    pub(crate) fn has_machine(&self, id: &EntityId) -> bool {
        self.with_machine.contains(id)
    }

    pub(crate) fn set_machine(&mut self, id: &EntityId, has_one: bool) {
        if has_one {
            self.with_machine.insert(id.clone());
        } else {
            self.with_machine.remove(id);
        }
    }

    /// Adds an entity, or replaces the one of its id.
    pub(super) fn put(&mut self, entity: Entity) {
        self.remove_triggers(&entity.id);
        for ability in &entity.abilities {
            let trigger = ability.trigger.to_string();
            let entities = self.by_trigger.entry(trigger).or_default();
            entities.insert(entity.id.clone());
        }
        self.by_id.insert(entity.id.clone(), entity);
    }

    /// Removes an entity; nobody holds what it held.
    pub(super) fn remove(&mut self, id: &EntityId) {
        self.remove_triggers(id);
        self.by_id.remove(id);
        for held in self.by_id.values_mut() {
            if held.held_by.as_ref() == Some(id) {
                held.held_by = None;
                held.revision += 1;
            }
        }
    }

    pub(super) fn patch(&mut self, patch: &EntityPatch) {
        if let Some(entity) = self.by_id.get_mut(patch.entity()) {
            // It was tried before it entered the log.
            let _ = apply_patch(entity, patch);
        }
    }

    fn remove_triggers(&mut self, id: &EntityId) {
        let abilities = self.by_id.get(id).map(|entity| &entity.abilities);
        for ability in abilities.into_iter().flatten() {
            let trigger = ability.trigger.to_string();
            if let Some(entities) = self.by_trigger.get_mut(&trigger) {
                entities.remove(id);
                if entities.is_empty() {
                    self.by_trigger.remove(&trigger);
                }
            }
        }
    }
}
