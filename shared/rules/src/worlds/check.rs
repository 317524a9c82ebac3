//! What worlds may be.

use std::collections::BTreeSet;

use contract::world::WorldDescription;
use contract::{Entity, EntityId, Rejection, WorldSpec};

use super::describe::describe;
use crate::behaviours::check_spec as check_behaviours;
use crate::chats::check_chat_spec;
use crate::entities::{check_metadata, check_state, merge_spec};
use crate::entity_checks::check_entity;
use crate::event_types::check_registration;
use crate::flows::check_spec as check_flows;
use crate::quota::check_quota;
use crate::rejection::invalid;
use crate::streams::check_stream_spec;
use crate::text::check_text;
use crate::tools::check_servers;
use crate::world::World;

const NAME_BYTES_MAX: usize = 1024;
const DESCRIPTION_BYTES_MAX: usize = 64 * 1024;
const VARIABLES_BYTES_MAX: usize = 64 * 1024;
const TURN_LIMIT_MAX: u32 = 1000;

pub(super) fn check_description(description: &WorldDescription) -> Result<(), Rejection> {
    check_text(&description.name, NAME_BYTES_MAX, "name")?;
    check_text(
        &description.description,
        DESCRIPTION_BYTES_MAX,
        "description",
    )?;
    check_text(&description.main_agent, NAME_BYTES_MAX, "main_agent")?;
    check_text(&description.variables, VARIABLES_BYTES_MAX, "variables")?;
    check_metadata(&description.metadata, "metadata")?;
    if let Some(model) = &description.chat_model {
        check_text(&model.model, NAME_BYTES_MAX, "chat_model.model")?;
        let base_url = model.base_url.as_deref().unwrap_or_default();
        check_text(base_url, NAME_BYTES_MAX, "chat_model.base_url")?;
    }
    check_servers(&description.mcp_servers)?;
    check_quota(description.quota)?;
    if !(1..=TURN_LIMIT_MAX).contains(&description.turn_limit) {
        return Err(invalid("turn_limit", format!("from 1 to {TURN_LIMIT_MAX}")));
    }
    Ok(())
}

pub(super) fn check_spec(world: &World, spec: &WorldSpec) -> Result<(), Rejection> {
    check_description(&describe(world, spec))?;
    let mut seen = BTreeSet::new();
    for (index, entity) in spec.entities.iter().enumerate() {
        let field = format!("entities[{index}]");
        check_entity(entity, &field)?;
        if let Some(now) = world.entities.get(&entity.id) {
            check_state(&merge_spec(now, entity), &field)?;
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
        check_registration(world, registered, &format!("event_types[{index}]"))?;
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
        check_chat_spec(chat, |id| find(world, spec, id), &field)?;
    }
    check_streams(world, spec)?;
    check_behaviours(world, spec)?;
    check_flows(world, spec)
}

fn check_streams(world: &World, spec: &WorldSpec) -> Result<(), Rejection> {
    for (stream, described) in &spec.streams {
        let field = format!("streams.{stream}");
        let owner = &stream.owner;
        if *owner != EntityId::world() && find(world, spec, owner).is_none() {
            return Err(invalid(field, format!("there is no entity {owner}")));
        }
        check_stream_spec(described, &field)?;
    }
    Ok(())
}

fn find<'a>(world: &'a World, spec: &'a WorldSpec, id: &EntityId) -> Option<&'a Entity> {
    spec.entities
        .iter()
        .find(|entity| entity.id == *id)
        .or_else(|| world.entities.get(id))
}
