//! The abilities that an agent may use, and whom and what it perceives.

use contract::ability::{Ability, AvailableAbility, Trigger};
use contract::{ActionName, Entity, EntityId};
use serde_json::{Value, json};

use crate::entities::perceived;
use crate::world::World;

/// Abilities that an agent is given: a model can't choose among more.
const AVAILABLE_MAX: usize = 128;
/// The entities that an agent perceives: they must fit in one message.
const ENTITIES_BYTES_MAX: usize = 512 * 1024;
/// The descriptions and schemas of abilities: a worker gets them in one message.
const AVAILABLE_BYTES_MAX: usize = 128 * 1024;

/// Whom and what an agent perceives, itself first, as far as it fits in one message. How others think is
/// their own.
pub(crate) fn perceived_by(world: &World, agent: &EntityId) -> Vec<Entity> {
    let mut bytes = 0;
    let entities = perceived(world, agent).map(|entity| Entity {
        agent: None,
        abilities: Vec::new(),
        ..entity.clone()
    });
    let entities = entities.take_while(|entity| {
        bytes += serde_json::to_string(entity).map_or(0, |json| json.len());
        bytes <= ENTITIES_BYTES_MAX
    });
    entities.collect()
}

/// The abilities that an agent may make use of: its own, and those of the objects that it perceives.
pub(crate) fn available(world: &World, agent: &EntityId) -> Vec<AvailableAbility> {
    let mut bytes = 0;
    perceived(world, agent)
        .filter(|entity| entity.id == *agent || entity.agent.is_none())
        .flat_map(|entity| {
            entity
                .abilities
                .iter()
                .map(move |ability| (entity, ability))
        })
        .filter_map(|(entity, ability)| available_ability(world, entity, ability))
        .take(AVAILABLE_MAX)
        .take_while(|available| {
            bytes += available.description.len() + available.schema.to_string().len();
            bytes <= AVAILABLE_BYTES_MAX
        })
        .collect()
}

fn available_ability(
    world: &World,
    entity: &Entity,
    ability: &Ability,
) -> Option<AvailableAbility> {
    let Trigger::Type(event_type) = &ability.trigger else {
        return None;
    };
    let newest = world.event_types.newest(event_type);
    let schema = match &ability.arguments {
        Some(arguments) => arguments.clone(),
        None => newest.map_or_else(any_object, |newest| newest.schema.clone()),
    };
    let description = match ability.description.is_empty() {
        true => newest.map_or_else(String::new, |newest| newest.description.clone()),
        false => ability.description.clone(),
    };
    Some(AvailableAbility {
        entity: entity.id.clone(),
        ability: ability.name.clone(),
        event_type: event_type.clone(),
        description,
        schema,
    })
}

fn any_object() -> Value {
    json!({"type": "object"})
}

/// The ability that a model calls, if its agent may make use of it.
pub(crate) fn find<'a>(
    world: &'a World,
    agent: &EntityId,
    entity: &EntityId,
    name: &ActionName,
) -> Option<&'a Ability> {
    let is_perceived = perceived(world, agent).any(|other| other.id == *entity);
    let owner = world.entities.get(entity).filter(|_| is_perceived)?;
    let is_available = owner.id == *agent || owner.agent.is_none();
    let mut abilities = owner.abilities.iter().filter(|_| is_available);
    abilities.find(|ability| ability.name == *name)
}
