//! Commands on worlds as a whole.

use contract::command::WorldUpdate;
use contract::world::WorldDescription;
use contract::{Fact, Rejection, RejectionCode, WorldSpec};

use super::check::{check_description, check_spec};
use super::describe::{describe, with_name};
use super::lookup::require_world;
use crate::chats::{ChatState, merge_chat, new_chat};
use crate::decider::Decider;
use crate::entities::{merge_spec, new_entity};
use crate::event_types::register;
use crate::rejection::reject;
use crate::streams;
use crate::world::World;

/// Creates a world, with nothing in it. What is described of it was checked then.
pub(crate) fn create(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if world.exists() {
        let detail = format!("there is a world {} already", world.id);
        return Err(reject(
            RejectionCode::AlreadyExists,
            detail,
            Some("id".to_owned()),
        ));
    }
    check_spec(world, spec)?;
    decider.push(Fact::WorldCreated(describe(world, spec)))
}

/// Puts into a new world what is described of it.
pub(crate) fn fill(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for registered in &spec.event_types {
        decider.push(Fact::EventTypeRegistered(registered.clone()))?;
    }
    for entity in &spec.entities {
        decider.push(Fact::EntityCreated(new_entity(entity)))?;
    }
    for chat in &spec.chats {
        decider.push(Fact::ChatCreated(new_chat(chat)))?;
    }
    apply_streams(world, spec, decider)
}

/// Brings a world to what is described.
pub(crate) fn apply(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    check_spec(world, spec)?;
    let description = describe(world, spec);
    if world.description.as_ref() != Some(&description) {
        decider.push(Fact::WorldUpdated(description))?;
    }
    for registered in &spec.event_types {
        register(world, registered, decider)?;
    }
    for entity in &spec.entities {
        match world.entities.get(&entity.id) {
            None => decider.push(Fact::EntityCreated(new_entity(entity)))?,
            Some(now) => {
                let entity = merge_spec(now, entity);
                if entity != *now {
                    decider.push(Fact::EntityUpdated(entity))?;
                }
            }
        }
    }
    for chat in &spec.chats {
        match world.chats.get(&chat.id).map(ChatState::chat) {
            None => decider.push(Fact::ChatCreated(new_chat(chat)))?,
            Some(now) => {
                let title = (!chat.title.is_empty()).then_some(&chat.title);
                let chat = merge_chat(now, title, Some(&chat.agents));
                if chat != *now {
                    decider.push(Fact::ChatUpdated(chat))?;
                }
            }
        }
    }
    apply_streams(world, spec, decider)
}

fn apply_streams(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for (stream, described) in &spec.streams {
        let field = format!("streams.{stream}");
        streams::apply_spec(world, stream, described, &field, decider)?;
    }
    Ok(())
}

pub(crate) fn update(
    world: &World,
    update: &WorldUpdate,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let now = require_world(world)?;
    let changed = |new: &Option<String>, now: &String| new.as_ref().unwrap_or(now).clone();
    let description = WorldDescription {
        name: changed(&update.name, &now.name),
        description: changed(&update.description, &now.description),
        turn_limit: update.turn_limit.unwrap_or(now.turn_limit),
        main_agent: changed(&update.main_agent, &now.main_agent),
        variables: changed(&update.variables, &now.variables),
        metadata: update.metadata.as_ref().unwrap_or(&now.metadata).clone(),
        perception: update.perception.unwrap_or(now.perception),
        chat_dialect: update.chat_dialect.unwrap_or(now.chat_dialect),
        quota: update.quota.unwrap_or(now.quota),
        actions: now.actions.clone(),
        roles: now.roles.clone(),
        badges: now.badges.clone(),
        chat_model: with_name(update.chat_model.as_ref().or(now.chat_model.as_ref())),
        mcp_servers: update
            .mcp_servers
            .as_ref()
            .unwrap_or(&now.mcp_servers)
            .clone(),
    };
    check_description(&description)?;
    if description == *now {
        return Ok(());
    }
    decider.push(Fact::WorldUpdated(description))
}
