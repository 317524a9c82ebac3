//! Worlds as a whole: created, or brought to what is described.

use std::collections::BTreeSet;

use contract::command::WorldUpdate;
use contract::world::ChatModel;
use contract::world::WorldDescription;
use contract::{Entity, EntityId, Fact, Rejection, RejectionCode, WorldSpec};

use super::state::World;
use super::{Decision, change, chat, entity, event_types, invalid, reject, tools};

const NAME_BYTES_MAX: usize = 1024;
const DESCRIPTION_BYTES_MAX: usize = 64 * 1024;
const VARIABLES_BYTES_MAX: usize = 64 * 1024;
const TURN_LIMIT_MAX: u32 = 1000;

pub(super) fn create(
    world: &World,
    spec: &WorldSpec,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if world.description.is_some() {
        let detail = if world.deleted {
            format!(
                "the world {} was deleted a moment ago: its id is not free yet",
                world.id
            )
        } else {
            format!("there is a world {} already", world.id)
        };
        return Err(reject(
            RejectionCode::AlreadyExists,
            detail,
            Some("id".to_owned()),
        ));
    }
    check(world, spec)?;
    decision.push(Fact::WorldCreated(describe(world, spec)))?;
    for registered in &spec.event_types {
        decision.push(Fact::EventTypeRegistered(registered.clone()))?;
    }
    for entity in &spec.entities {
        decision.push(Fact::EntityCreated(entity::begun(entity)))?;
    }
    for chat in &spec.chats {
        decision.push(Fact::ChatCreated(chat::begun(chat)))?;
    }
    Ok(())
}

pub(super) fn apply(
    world: &World,
    spec: &WorldSpec,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if !world.exists() {
        return create(world, spec, decision);
    }
    check(world, spec)?;
    let description = describe(world, spec);
    if world.description.as_ref() != Some(&description) {
        decision.push(Fact::WorldUpdated(description))?;
    }
    for registered in &spec.event_types {
        event_types::register(world, registered, decision)?;
    }
    for entity in &spec.entities {
        match world.entities.get(&entity.id) {
            None => decision.push(Fact::EntityCreated(entity::begun(entity)))?,
            Some(now) => {
                let entity = entity::redescribed(now, entity);
                if entity != *now {
                    decision.push(Fact::EntityUpdated(entity))?;
                }
            }
        }
    }
    for chat in &spec.chats {
        match world.chats.get(&chat.id).map(|state| &state.chat) {
            None => decision.push(Fact::ChatCreated(chat::begun(chat)))?,
            Some(now) => {
                let title = (!chat.title.is_empty()).then_some(&chat.title);
                let chat = chat::changed(now, title, Some(&chat.agents));
                if chat != *now {
                    decision.push(Fact::ChatUpdated(chat))?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn update(
    world: &World,
    change: &WorldUpdate,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let now = world.check_exists()?;
    let changed = |new: &Option<String>, now: &String| new.as_ref().unwrap_or(now).clone();
    let description = WorldDescription {
        name: changed(&change.name, &now.name),
        description: changed(&change.description, &now.description),
        turn_limit: change.turn_limit.unwrap_or(now.turn_limit),
        main_agent: changed(&change.main_agent, &now.main_agent),
        variables: changed(&change.variables, &now.variables),
        metadata: change.metadata.as_ref().unwrap_or(&now.metadata).clone(),
        perception: change.perception.unwrap_or(now.perception),
        chat_dialect: Default::default(),
        chat_model: named(change.chat_model.as_ref().or(now.chat_model.as_ref())),
        mcp_servers: change
            .mcp_servers
            .as_ref()
            .unwrap_or(&now.mcp_servers)
            .clone(),
    };
    check_description(&description)?;
    if description == *now {
        return Ok(());
    }
    decision.push(Fact::WorldUpdated(description))
}

fn describe(world: &World, spec: &WorldSpec) -> WorldDescription {
    let name = if spec.name.is_empty() {
        world.id.to_string()
    } else {
        spec.name.clone()
    };
    WorldDescription {
        name,
        description: spec.description.clone(),
        turn_limit: spec.turn_limit,
        main_agent: spec.main_agent.clone(),
        variables: spec.variables.clone(),
        metadata: spec.metadata.clone(),
        chat_model: named(spec.chat_model.as_ref()),
        mcp_servers: spec.mcp_servers.clone(),
        perception: spec.perception,
        chat_dialect: Default::default(),
    }
}

fn named(model: Option<&ChatModel>) -> Option<ChatModel> {
    model.filter(|model| !model.model.is_empty()).cloned()
}

fn check_description(description: &WorldDescription) -> Result<(), Rejection> {
    World::check_text(&description.name, NAME_BYTES_MAX, "name")?;
    World::check_text(
        &description.description,
        DESCRIPTION_BYTES_MAX,
        "description",
    )?;
    World::check_text(&description.main_agent, NAME_BYTES_MAX, "main_agent")?;
    World::check_text(&description.variables, VARIABLES_BYTES_MAX, "variables")?;
    entity::check_metadata(&description.metadata, "metadata")?;
    if let Some(model) = &description.chat_model {
        World::check_text(&model.model, NAME_BYTES_MAX, "chat_model.model")?;
        let base_url = model.base_url.as_deref().unwrap_or_default();
        World::check_text(base_url, NAME_BYTES_MAX, "chat_model.base_url")?;
    }
    tools::check_servers(&description.mcp_servers)?;
    if !(1..=TURN_LIMIT_MAX).contains(&description.turn_limit) {
        return Err(invalid("turn_limit", format!("from 1 to {TURN_LIMIT_MAX}")));
    }
    Ok(())
}

fn check(world: &World, spec: &WorldSpec) -> Result<(), Rejection> {
    check_description(&describe(world, spec))?;
    let mut seen = BTreeSet::new();
    for (index, entity) in spec.entities.iter().enumerate() {
        let field = format!("entities[{index}]");
        entity::check(entity, &field)?;
        if let Some(now) = world.entities.get(&entity.id) {
            change::check_state(&entity::redescribed(now, entity), &field)?;
        }
        if let Some(holder) = &entity.held_by
            && find(world, spec, holder).is_none()
        {
            let detail = format!("there is no entity {holder}");
            return Err(invalid(format!("{field}.held_by"), detail));
        }
        if !seen.insert(&entity.id) {
            return Err(invalid(
                format!("{field}.id"),
                format!("{} is there twice", entity.id),
            ));
        }
        if let Some(now) = world.entities.get(&entity.id)
            && now.kind != entity.kind
        {
            let detail = format!("{} is of another kind already", entity.id);
            return Err(invalid(format!("{field}.kind"), detail));
        }
    }
    for (index, registered) in spec.event_types.iter().enumerate() {
        event_types::check(world, registered, &format!("event_types[{index}]"))?;
    }
    let mut chats = BTreeSet::new();
    for (index, chat) in spec.chats.iter().enumerate() {
        let field = format!("chats[{index}]");
        if !chats.insert(&chat.id) {
            return Err(invalid(
                format!("{field}.id"),
                format!("{} is there twice", chat.id),
            ));
        }
        chat::check(chat, |id| find(world, spec, id), &field)?;
    }
    Ok(())
}

fn find<'a>(world: &'a World, spec: &'a WorldSpec, id: &EntityId) -> Option<&'a Entity> {
    spec.entities
        .iter()
        .find(|entity| entity.id == *id)
        .or_else(|| world.entities.get(id))
}
