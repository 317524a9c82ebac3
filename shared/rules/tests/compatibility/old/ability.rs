//! Abilities: which runs an event asks for, and what agents may make use of.

use std::collections::BTreeSet;

use contract::ability::{Ability, AvailableAbility, Executor, Perception, Trigger};
use contract::chat::ChatMessage;
use contract::fact::{ActionFailed, ActionRequested};
use contract::{
    ActionName, ChatId, Entity, EntityId, Event, EventId, Fact, Rejection, RejectionCode,
};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::state::{Open, World};
use super::{About, Decision, change, event_types, invalid, invocation, reject};

/// Runs that one event may ask for: each is in the same commit.
const RUNS_MAX: usize = 256;
/// Runs that lead to one another, each by an event that it sends: more go round in circles.
const DEPTH_MAX: u32 = 32;
const ABILITIES_MAX: usize = 64;
const DESCRIPTION_BYTES_MAX: usize = 4096;
/// Abilities that an agent is told of: a model can't choose among more.
const OFFERS_MAX: usize = 128;
/// Whom and what an agent is told of, itself first: it must fit in one message.
const ENTITIES_BYTES_MAX: usize = 512 * 1024;
/// The descriptions and schemas of abilities: a worker is told of them in one message.
const OFFERS_BYTES_MAX: usize = 128 * 1024;

/// What a custom event comes of.
#[derive(Clone, Copy, Default)]
pub(super) struct Origin<'a> {
    /// The run that sends it.
    pub(super) run: Option<&'a Open>,
    /// The call of a model that it is.
    pub(super) call: Option<Call<'a>>,
}

/// A call of an ability by a model.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) id: &'a str,
    /// Who calls.
    pub(super) agent: &'a EntityId,
    pub(super) entity: &'a EntityId,
    pub(super) ability: &'a ActionName,
    /// The question on the way to whose answer it is; none when its agent acts by itself.
    pub(super) answers: Option<(&'a ChatId, &'a ChatMessage)>,
}

/// Asks for the runs of all abilities that answer an event.
pub(super) fn answer(
    world: &World,
    event: &Event,
    origin: Origin<'_>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let mut runs = 0;
    for entity in listeners(world, event) {
        for ability in &entity.abilities {
            let Executor::Worker(action) = &ability.run else {
                continue;
            };
            if !answers(entity, ability, event) || is_its_own(entity, ability, origin) {
                continue;
            }
            if let Err(rejection) = check_arguments(ability, &event.data, "data") {
                // What is for everyone need not be for each; what names this entity is meant for it.
                if event
                    .target
                    .as_ref()
                    .is_some_and(|target| target.names(&entity.id))
                {
                    return Err(rejection);
                }
                continue;
            }
            runs += 1;
            if runs > RUNS_MAX {
                let detail = format!("more than {RUNS_MAX} abilities answer {}", event.event_type);
                return Err(reject(RejectionCode::TooLarge, detail, None));
            }
            if world.invocations.len() + runs > invocation::OPEN_MAX {
                let detail = "too many runs are open";
                return Err(reject(RejectionCode::Busy, detail, None));
            }
            request(entity, ability, action, event, origin, decision)?;
        }
    }
    Ok(())
}

fn listeners<'a>(world: &'a World, event: &'a Event) -> impl Iterator<Item = &'a Entity> {
    let of = |trigger: &str| world.listeners.get(trigger).into_iter().flatten();
    let ids: BTreeSet<&EntityId> = of(event.event_type.as_str()).chain(of("*")).collect();
    ids.into_iter().filter_map(|id| world.entities.get(id))
}

/// Whether an event is for an ability: what is for nobody is for everyone, and what an entity sends
/// under the type of its own ability asks for that ability, whoever the event is for.
fn answers(entity: &Entity, ability: &Ability, event: &Event) -> bool {
    let is_own = event.sender == entity.id;
    let is_for = event
        .target
        .as_ref()
        .is_none_or(|target| target.names(&entity.id));
    match &ability.trigger {
        Trigger::Any => is_for && !is_own,
        Trigger::Type(event_type) => *event_type == event.event_type && (is_for || is_own),
    }
}

/// What an ability sends does not ask for it again: it would never end.
fn is_its_own(entity: &Entity, ability: &Ability, origin: Origin<'_>) -> bool {
    origin
        .run
        .is_some_and(|run| run.agent == entity.id && run.ability.as_ref() == Some(&ability.name))
}

fn request(
    entity: &Entity,
    ability: &Ability,
    action: &ActionName,
    event: &Event,
    origin: Origin<'_>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let depth = origin.run.map_or(0, |run| run.depth + 1);
    let call = origin
        .call
        .filter(|call| *call.entity == entity.id && *call.ability == ability.name);
    let answers = call.and_then(|call| call.answers);
    let question = answers.map(|(_, question)| question);
    let requested = ActionRequested {
        arguments: to_raw_value(event).ok(),
        message: question.map(|question| question.id),
        turn: question.map(|question| question.turn),
        call: call.map(|call| call.id.to_owned()),
        ability: Some(ability.name.clone()),
        caller: call.map(|call| call.agent.clone()),
        depth,
        ..crate::old::action_requested(
            action.clone(),
            entity.id.clone(),
            decision.now + invocation::DEADLINE_DEFAULT,
        )
    };
    let about = || About {
        sender: Some(EntityId::world()),
        chat: answers.map(|(chat, _)| chat.clone()),
        causation: Some(event.id),
        correlation: event.correlation.or(Some(event.id.0)),
        ..About::default()
    };
    let id = decision.next_id().invocation();
    decision.push_about(Fact::ActionRequested(requested), about())?;
    if depth <= DEPTH_MAX {
        return Ok(());
    }
    let failed = ActionFailed {
        invocation: id,
        call: None,
        code: "too_deep".to_owned(),
        reason: format!("{DEPTH_MAX} runs led to one another: this goes round in circles"),
    };
    let about = About {
        sender: Some(entity.id.clone()),
        causation: Some(EventId(id.0)),
        ..about()
    };
    decision.push_about(Fact::ActionFailed(failed), about)
}

/// Checks the abilities of an entity; `field` is where they stand in what was sent.
pub(super) fn check_all(abilities: &[Ability], field: &str) -> Result<(), Rejection> {
    if abilities.len() > ABILITIES_MAX {
        let detail = format!("an entity has at most {ABILITIES_MAX} abilities");
        return Err(reject(
            RejectionCode::TooLarge,
            detail,
            Some(field.to_owned()),
        ));
    }
    let mut names = BTreeSet::new();
    for (index, ability) in abilities.iter().enumerate() {
        let field = format!("{field}[{index}]");
        if !names.insert(&ability.name) {
            let detail = format!("{} is there twice", ability.name);
            return Err(invalid(format!("{field}.name"), detail));
        }
        if let Trigger::Type(event_type) = &ability.trigger
            && event_type.is_reserved()
        {
            let detail = format!("{event_type} is the world's own");
            let field = Some(format!("{field}.trigger"));
            return Err(reject(RejectionCode::ReservedType, detail, field));
        }
        World::check_text(
            &ability.description,
            DESCRIPTION_BYTES_MAX,
            &format!("{field}.description"),
        )?;
        if let Some(arguments) = &ability.arguments {
            change::parse(arguments, &format!("{field}.arguments"))?;
        }
    }
    Ok(())
}

/// Whom and what an agent perceives, itself first.
pub(super) fn perceived<'a>(
    world: &'a World,
    agent: &'a EntityId,
) -> impl Iterator<Item = &'a Entity> {
    let perception = world
        .description
        .as_ref()
        .map_or_else(Perception::default, |description| description.perception);
    let me = world.entities.get(agent);
    let is_near = move |entity: &Entity| {
        me.is_some_and(|me| me.location.is_some() && entity.location == me.location)
    };
    let is_perceived = move |entity: &&Entity| match perception {
        Perception::All => true,
        Perception::SamePlace => {
            let holder = entity.held_by.as_ref();
            is_near(entity)
                || holder == Some(agent)
                || holder
                    .and_then(|holder| world.entities.get(holder))
                    .is_some_and(is_near)
        }
    };
    let others = world
        .entities
        .values()
        .filter(move |other| other.id != *agent);
    me.into_iter().chain(others.filter(is_perceived))
}

/// What an agent may make use of, and whom and what it perceives. How others think is their own.
///
/// # Errors
/// When there is no such entity.
pub fn offers(
    world: &World,
    agent: &EntityId,
) -> Result<(Vec<AvailableAbility>, Vec<Entity>), Rejection> {
    world.check_exists()?;
    world.check_entity(agent, "agent")?;
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
    Ok((offered(world, agent), entities.collect()))
}

/// The abilities that an agent may make use of: its own, and those of the objects that it perceives.
pub(super) fn offered(world: &World, agent: &EntityId) -> Vec<AvailableAbility> {
    let mut bytes = 0;
    perceived(world, agent)
        .filter(|entity| entity.id == *agent || entity.agent.is_none())
        .flat_map(|entity| {
            entity
                .abilities
                .iter()
                .map(move |ability| (entity, ability))
        })
        .filter_map(|(entity, ability)| offer(world, entity, ability))
        .take(OFFERS_MAX)
        .take_while(|offer| {
            bytes += offer.description.len() + offer.schema.to_string().len();
            bytes <= OFFERS_BYTES_MAX
        })
        .collect()
}

fn offer(world: &World, entity: &Entity, ability: &Ability) -> Option<AvailableAbility> {
    let Trigger::Type(event_type) = &ability.trigger else {
        return None;
    };
    let newest = world
        .event_types
        .get(event_type)
        .and_then(|versions| versions.last());
    let schema = match &ability.arguments {
        Some(arguments) => arguments.clone(),
        None => newest.map_or_else(anything, |newest| newest.schema.clone()),
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

fn anything() -> Value {
    json!({"type": "object"})
}

/// The ability that a model calls, if its agent may make use of it.
pub(super) fn find<'a>(
    world: &'a World,
    agent: &EntityId,
    entity: &EntityId,
    name: &ActionName,
) -> Option<&'a Ability> {
    let is_perceived = perceived(world, agent).any(|other| other.id == *entity);
    let owner = world.entities.get(entity).filter(|_| is_perceived)?;
    let is_offered = owner.id == *agent || owner.agent.is_none();
    let mut abilities = owner.abilities.iter().filter(|_| is_offered);
    abilities.find(|ability| ability.name == *name)
}

/// Why an event does not hold what an ability asks for, if so.
pub(super) fn check_arguments(
    ability: &Ability,
    data: &RawValue,
    field: &str,
) -> Result<(), Rejection> {
    let Some(arguments) = &ability.arguments else {
        return Ok(());
    };
    let schema = change::parse(arguments, field)?;
    schema
        .check(data)
        .map_err(|faults| event_types::broken(&faults, field))
}
