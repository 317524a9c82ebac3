//! Entities: who and what is in a world.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::brain::{Brain, Script};
use contract::command::EntityUpdate;
use contract::fact::{AgentForgot, EntityRemoved};
use contract::tool::Verdict;
use contract::{AgentConfig, Entity, EntityId, EntityKind, Fact, Rejection, RejectionCode};

use super::state::World;
use super::{
    Decision, FOLLOW_UPS_MAX, ability, change, invalid, invocation, minds, reject, tools, within,
};

const NAME_BYTES_MAX: usize = 1024;
const DESCRIPTION_BYTES_MAX: usize = 16 * 1024;
const METADATA_BYTES_MAX: usize = 64 * 1024;
const PROMPT_BYTES_MAX: usize = 128 * 1024;
/// Calls of one rule of a script: each is a step, and an answer has only so many.
const SCRIPT_CALLS_MAX: usize = 16;
/// The most messages that an agent is given to think about: what the state keeps of a chat.
const CONTEXT_MESSAGES_MAX: u32 = 200;
/// The longest that an agent may think, in one call or in all.
const TIMEOUT_MAX: Duration = Duration::from_hours(24);
/// The most entities of a world: all of them are in its state.
const ENTITIES_MAX: usize = 100_000;

pub(super) fn create(
    world: &World,
    entity: &Entity,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    check(entity, "")?;
    if world.entities.contains_key(&entity.id) {
        let detail = format!("there is an entity {} already", entity.id);
        return Err(reject(
            RejectionCode::AlreadyExists,
            detail,
            Some("id".to_owned()),
        ));
    }
    if world.entities.len() >= ENTITIES_MAX {
        let detail = format!("a world has at most {ENTITIES_MAX} entities");
        return Err(reject(RejectionCode::TooLarge, detail, None));
    }
    if let Some(holder) = &entity.held_by {
        world.check_entity(holder, "held_by")?;
    }
    decision.push(Fact::EntityCreated(begun(entity)))
}

/// An entity as it begins: how often it has changed is not its maker's to say.
pub(super) fn begun(entity: &Entity) -> Entity {
    Entity {
        revision: 0,
        ..entity.clone()
    }
}

/// An entity that is described anew: what has become of it meanwhile stays.
pub(super) fn redescribed(now: &Entity, described: &Entity) -> Entity {
    Entity {
        state: now.state.clone(),
        revision: now.revision,
        held_by: now.held_by.clone(),
        location: now.location.clone(),
        ..described.clone()
    }
}

pub(super) fn update(
    world: &World,
    change: &EntityUpdate,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let now = world.check_entity(&change.entity, "entity")?;
    let mut entity = now.clone();
    if let Some(name) = &change.name {
        entity.name.clone_from(name);
    }
    if let Some(agent) = &change.agent {
        entity.agent = Some(agent.clone());
    }
    if let Some(description) = &change.description {
        entity.description.clone_from(description);
    }
    if let Some(abilities) = &change.abilities {
        entity.abilities.clone_from(abilities);
    }
    if let Some(metadata) = &change.metadata {
        entity.metadata.clone_from(metadata);
    }
    check(&entity, "")?;
    if entity == *now {
        Ok(())
    } else {
        decision.push(Fact::EntityUpdated(entity))
    }
}

pub(super) fn remove(
    world: &World,
    id: &EntityId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    world.check_entity(id, "entity")?;
    let runs = world.invocations.iter();
    let runs = runs.filter(|(_, open)| open.agent == *id);
    // What does not fit in one commit is called off with the next: nobody waits for it in a chat.
    let (in_chats, others): (Vec<_>, Vec<_>) = runs.partition(|(_, open)| open.answers.is_some());
    let others = others.into_iter().take(FOLLOW_UPS_MAX);
    for (invocation, open) in in_chats.into_iter().chain(others) {
        invocation::push_cancelled(*invocation, open, decision)?;
    }
    for approval in world
        .approvals
        .values()
        .filter(|waiting| waiting.agent == *id)
    {
        tools::push_ended(world, approval, &Verdict::Cancelled, decision)?;
    }
    decision.push(Fact::EntityRemoved(EntityRemoved { entity: id.clone() }))
}

/// Lets an agent forget what was said so far.
pub(super) fn forget(
    world: &World,
    agent: &EntityId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let entity = world.check_entity(agent, "agent")?;
    if entity.kind != EntityKind::Agent {
        return Err(invalid("agent", format!("{agent} is not an agent")));
    }
    decision.push(Fact::AgentForgot(AgentForgot {
        agent: agent.clone(),
    }))
}

/// Checks an entity; `field` is where it stands in what was sent.
pub(super) fn check(entity: &Entity, field: &str) -> Result<(), Rejection> {
    let at = |name: &str| within(field, name);
    if entity.id == EntityId::world() {
        return Err(invalid(at("id"), "the id world is the world's own"));
    }
    World::check_text(&entity.name, NAME_BYTES_MAX, &at("name"))?;
    World::check_text(
        &entity.description,
        DESCRIPTION_BYTES_MAX,
        &at("description"),
    )?;
    check_metadata(&entity.metadata, &at("metadata"))?;
    ability::check_all(&entity.abilities, &at("abilities"))?;
    change::check_state(entity, field)?;
    match (entity.kind, &entity.agent) {
        (EntityKind::Agent, Some(agent)) => check_agent(agent, &at("agent")),
        (EntityKind::Agent, None) => Err(invalid(
            at("agent"),
            "an agent needs a brain: an empty object is a script that echoes",
        )),
        (_, Some(_)) => Err(invalid(
            at("agent"),
            "only an entity of kind agent has this",
        )),
        (_, None) => Ok(()),
    }
}

/// Checks what is attached to an entity or a world.
pub(super) fn check_metadata(
    metadata: &BTreeMap<String, serde_json::Value>,
    field: &str,
) -> Result<(), Rejection> {
    let bytes = metadata
        .iter()
        .map(|(key, value)| key.len() + value.to_string().len());
    let bytes: usize = bytes.sum();
    if bytes > METADATA_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {METADATA_BYTES_MAX} are kept");
        return Err(reject(
            RejectionCode::TooLarge,
            detail,
            Some(field.to_owned()),
        ));
    }
    Ok(())
}

fn check_agent(agent: &AgentConfig, field: &str) -> Result<(), Rejection> {
    if !(1..=CONTEXT_MESSAGES_MAX).contains(&agent.context_messages) {
        let detail = format!("from 1 to {CONTEXT_MESSAGES_MAX}");
        return Err(invalid(format!("{field}.context_messages"), detail));
    }
    check_timeout(
        agent.turn_timeout_seconds,
        &format!("{field}.turn_timeout_seconds"),
    )?;
    if let Some(tools) = &agent.tools {
        let field = format!("{field}.tools");
        check_timeout(tools.timeout_seconds, &format!("{field}.timeout_seconds"))?;
        tools::check_access(tools, &field)?;
    }
    if let Some(mind) = &agent.mind {
        minds::check(mind, &format!("{field}.mind"))?;
    }
    match &agent.brain {
        Brain::Llm(llm) => {
            let field = format!("{field}.brain.llm");
            check_timeout(
                llm.call_timeout_seconds,
                &format!("{field}.call_timeout_seconds"),
            )?;
            if llm.model.is_empty() {
                return Err(invalid(format!("{field}.model"), "a model has a name"));
            }
            World::check_text(
                &llm.system_prompt,
                PROMPT_BYTES_MAX,
                &format!("{field}.system_prompt"),
            )
        }
        Brain::Function { .. } | Brain::Client {} => Ok(()),
        Brain::Script(script) => check_script(script, &format!("{field}.brain.script")),
    }
}

fn check_script(script: &Script, field: &str) -> Result<(), Rejection> {
    let mut bytes = script.default.len();
    for (index, rule) in script.rules.iter().enumerate() {
        if rule.calls.len() > SCRIPT_CALLS_MAX {
            let detail = format!("a rule makes at most {SCRIPT_CALLS_MAX} calls");
            return Err(invalid(format!("{field}.rules[{index}].calls"), detail));
        }
        let arguments = rule.calls.iter().map(|call| call.arguments.to_string());
        bytes += rule.when.len() + rule.reply.len();
        bytes += arguments.map(|arguments| arguments.len()).sum::<usize>();
    }
    if bytes > PROMPT_BYTES_MAX {
        let detail = format!("{bytes} bytes; at most {PROMPT_BYTES_MAX} are taken");
        let field = Some(field.to_owned());
        return Err(reject(RejectionCode::TooLarge, detail, field));
    }
    Ok(())
}

fn check_timeout(timeout: Duration, field: &str) -> Result<(), Rejection> {
    if timeout.is_zero() || timeout > TIMEOUT_MAX {
        return Err(invalid(
            field,
            format!("more than 0 and at most {} s", TIMEOUT_MAX.as_secs()),
        ));
    }
    Ok(())
}
