//! Commands on behaviours and roles.

use contract::behaviour::{
    BehaviourPaused, BehaviourRemoved, BehaviourResumed, BehaviourSet, CustomAction, Definition,
};
use contract::{Entity, EntityId, Fact, Rejection, RejectionCode, RoleName, WorldSpec};

use super::change::push_new_role;
use super::declarations::Declarations;
use crate::behaviours::custom::CustomActions;
use crate::behaviours::machine::Machine;
use crate::decider::Decider;
use crate::entities::require_entity;
use crate::rejection::{field_path, invalid, reject};
use crate::world::World;

/// Gives an entity a behaviour; `field` is where the behaviour stands in what was sent.
pub(crate) fn put(
    world: &World,
    entity: &EntityId,
    definition: &Definition,
    field: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_entity(world, entity, "entity")?;
    push_set(world, entity, definition, field, decider)
}

fn push_set(
    world: &World,
    entity: &EntityId,
    definition: &Definition,
    field: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let described = described(world, decider);
    let mut declarations = Declarations::collect(world, &described, definition, Some(&*decider));
    check(definition, &declarations.actions, field)?;
    declarations.push_new(decider)?;
    let before = world.behaviours.get(entity);
    let set = BehaviourSet {
        entity: entity.clone(),
        definition: definition.clone(),
        revision: before.map_or(0, |before| before.revision + 1),
        custom: declarations.actions,
    };
    decider.push(Fact::BehaviourSet(set))
}

/// The custom actions of the world's description, as this command makes it.
fn described(world: &World, decider: &Decider<'_>) -> Vec<CustomAction> {
    let decided = decider.events().iter().rev();
    let mut described = decided.filter_map(|decided| match &decided.fact {
        Some(Fact::WorldCreated(description) | Fact::WorldUpdated(description)) => {
            Some(description)
        }
        _ => None,
    });
    let description = described.next().or(world.description.as_ref());
    description.map_or_else(Vec::new, |description| description.actions.clone())
}

/// Checks a behaviour with the custom actions that are declared.
fn check(definition: &Definition, declared: &[CustomAction], field: &str) -> Result<(), Rejection> {
    let custom = CustomActions::new(declared, "actions")?;
    let compiled = Machine::compile(definition, &custom);
    compiled.map(|_| ()).map_err(|mut fault| {
        if !field.is_empty() {
            let inner = fault.field.unwrap_or_default();
            fault.field = Some(if inner.is_empty() {
                field.to_owned()
            } else {
                field_path(field, &inner)
            });
        }
        fault
    })
}

pub(crate) fn remove(
    world: &World,
    entity: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_behaviour(world, entity)?;
    let entity = entity.clone();
    decider.push(Fact::BehaviourRemoved(BehaviourRemoved { entity }))
}

pub(crate) fn pause(
    world: &World,
    entity: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_behaviour(world, entity)?;
    let paused = BehaviourPaused {
        entity: entity.clone(),
        reason: None,
    };
    decider.push(Fact::BehaviourPaused(paused))
}

pub(crate) fn resume(
    world: &World,
    entity: &EntityId,
    once: bool,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_behaviour(world, entity)?;
    let entity = entity.clone();
    decider.push(Fact::BehaviourResumed(BehaviourResumed { entity, once }))
}

fn require_behaviour(world: &World, entity: &EntityId) -> Result<(), Rejection> {
    require_entity(world, entity, "entity")?;
    if world.behaviours.contains(entity) {
        return Ok(());
    }
    let detail = format!("{entity} has no behaviour");
    let field = Some("entity".to_owned());
    Err(reject(RejectionCode::UnknownBehaviour, detail, field))
}

/// Changes the role of an entity in the name of the command's sender: a master, or the world.
pub(crate) fn change_role(
    world: &World,
    entity: &EntityId,
    role: Option<&RoleName>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let sender = world.entities.get(decider.sender());
    let is_master = sender.is_some_and(|sender| sender.master);
    if !is_master && *decider.sender() != EntityId::world() {
        let detail = format!("{} is no master of the world", decider.sender());
        let field = Some("sender".to_owned());
        return Err(reject(RejectionCode::NotAllowed, detail, field));
    }
    let now = require_entity(world, entity, "entity")?;
    check_role(world, role)?;
    if now.role.as_ref() == role {
        return Ok(());
    }
    set_role(world, entity, role, decider)
}

fn check_role(world: &World, role: Option<&RoleName>) -> Result<(), Rejection> {
    let roles = world.description.as_ref().map(|world| &world.roles);
    let (Some(role), Some(roles)) = (role, roles) else {
        return Ok(());
    };
    if roles.is_empty() || roles.contains_key(role) {
        return Ok(());
    }
    Err(invalid("role", format!("the world has no role {role}")))
}

/// Sets the role of an entity. It begins with the behaviour of its role, if that has one.
pub(super) fn set_role(
    world: &World,
    entity: &EntityId,
    role: Option<&RoleName>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(now) = world.entities.get(entity) else {
        return Ok(());
    };
    let changed = Entity {
        role: role.cloned(),
        ..now.clone()
    };
    decider.push(Fact::EntityUpdated(changed))?;
    let description = world.description.as_ref();
    let spec = role.and_then(|role| description?.roles.get(role));
    match spec.and_then(|spec| spec.behaviour.as_ref()) {
        Some(definition) => {
            push_set(world, entity, definition, "", decider)?;
            push_new_role(world, entity, decider)
        }
        None => Ok(()),
    }
}

/// Gives a new entity the behaviour of its role.
pub(crate) fn on_created(
    world: &World,
    entity: &Entity,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let description = world.description.as_ref();
    let role = entity.role.as_ref();
    check_role(world, role)?;
    let spec = role.and_then(|role| description?.roles.get(role));
    match spec.and_then(|spec| spec.behaviour.as_ref()) {
        Some(definition) => push_set(world, &entity.id, definition, "", decider),
        None => Ok(()),
    }
}

/// Checks the behaviours of a world's description.
pub(crate) fn check_spec(world: &World, spec: &WorldSpec) -> Result<(), Rejection> {
    CustomActions::new(&spec.actions, "actions")?;
    let check = |behaviour: &Definition, field: &str| {
        let declarations = Declarations::collect(world, &spec.actions, behaviour, None);
        check(behaviour, &declarations.actions, field)
    };
    for (role, described) in &spec.roles {
        if let Some(behaviour) = &described.behaviour {
            let field = format!("roles.{role}.behaviour");
            check(behaviour, &field)?;
        }
    }
    for (entity, behaviour) in &spec.behaviours {
        let field = format!("behaviours.{entity}");
        check(behaviour, &field)?;
        let is_described = spec
            .entities
            .iter()
            .any(|described| described.id == *entity);
        if !is_described && !world.entities.contains(entity) {
            return Err(invalid(field, format!("there is no entity {entity}")));
        }
    }
    for (index, entity) in spec.entities.iter().enumerate() {
        if let Some(role) = &entity.role
            && !spec.roles.is_empty()
            && !spec.roles.contains_key(role)
        {
            let detail = format!("the world has no role {role}");
            return Err(invalid(format!("entities[{index}].role"), detail));
        }
    }
    Ok(())
}

/// Gives entities the behaviours that a world's description has for them, unless they have them already.
pub(crate) fn apply_spec(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let mut wanted: Vec<(&EntityId, &Definition, String)> = Vec::new();
    for entity in &spec.entities {
        let role = entity
            .role
            .as_ref()
            .and_then(|role| Some((role, spec.roles.get(role)?)));
        if let Some((role, described)) = role
            && let Some(behaviour) = &described.behaviour
            && !spec.behaviours.contains_key(&entity.id)
        {
            wanted.push((&entity.id, behaviour, format!("roles.{role}.behaviour")));
        }
    }
    for (entity, behaviour) in &spec.behaviours {
        wanted.push((entity, behaviour, format!("behaviours.{entity}")));
    }
    for (entity, definition, field) in wanted {
        let now = world.behaviours.get(entity);
        let now = now.and_then(|progress| world.behaviours.definition(progress));
        if now != Some(definition) || !world.exists() {
            push_set(world, entity, definition, &field, decider)?;
        }
    }
    Ok(())
}
