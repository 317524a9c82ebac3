//! What agents with a mind make of events.

use contract::ability::{Ability, Executor};
use contract::fact::{ActionRequested, AgentSummarised, AgentThought};
use contract::mind::{MemoryEntry, ThinkTask};
use contract::{EntityId, EntityKind, Event, EventId, RunId, Target, Timestamp};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::Ended;
use crate::minds::{self, Heard};
use crate::state::{Open, World};

/// A custom event happened: whoever hears it remembers it, and some wake.
pub(super) fn hear(world: &mut World, event: &Event, at: Timestamp) {
    if world.minds.is_empty() {
        return;
    }
    let is_somebody = is_person(world, &event.sender);
    let heard = Heard::new(event);
    for agent in listeners(world, event, &heard) {
        let Some(config) = minds::config(world, &agent) else {
            continue;
        };
        let sleeps = heard.is_one_of(&config.sleeps_on, &agent);
        // Whose client thinks for it is woken by that.
        let wakes = minds::is_asked(world, &agent) && heard.wakes(&agent, &config.wakes_on);
        let ignores = config.ignores.contains(&event.event_type);
        let memory = config.memory;
        let Some(mind) = world.minds.get_mut(&agent) else {
            continue;
        };
        let remembered = MemoryEntry::new(event, at);
        if is_somebody {
            mind.refresh();
        }
        if sleeps {
            mind.sleep_at_once();
        }
        if wakes {
            mind.wake(remembered.clone(), is_somebody);
        }
        if !ignores {
            mind.remember(remembered, memory);
        }
        stir(world, &agent);
    }
}

/// Agents with a mind that hear an event.
fn listeners(world: &World, event: &Event, heard: &Heard<'_>) -> Vec<EntityId> {
    let named: Vec<&EntityId> = match &event.target {
        Some(Target::Entities(targets)) => targets.iter().chain([&event.sender]).collect(),
        _ => world.minds.keys().collect(),
    };
    let mut hearing: Vec<EntityId> = named
        .into_iter()
        .filter(|agent| world.minds.contains_key(*agent) && heard.is_for(agent))
        .cloned()
        .collect();
    hearing.sort_unstable();
    hearing.dedup();
    hearing
}

/// Whether a person sends it, or the world: a user whose abilities workers run may be none.
fn is_person(world: &World, sender: &EntityId) -> bool {
    let is_run = |ability: &Ability| matches!(ability.run, Executor::Worker(_));
    let entity = world.entities.get(sender);
    let is_user = entity.is_some_and(|entity| {
        entity.kind == EntityKind::User && !entity.abilities.iter().any(is_run)
    });
    is_user || *sender == EntityId::world()
}

/// Notes whether an agent has something to do now.
fn stir(world: &mut World, agent: &EntityId) {
    if minds::has_something_to_do(world, agent) {
        world.stirred.insert(agent.clone());
    } else {
        world.stirred.remove(agent);
    }
}

/// An entity is now as it is: it may have a mind, or none any more.
pub(super) fn put(world: &mut World, agent: &EntityId) {
    match minds::config(world, agent).map(|config| config.memory) {
        Some(limits) => {
            let mind = world.minds.entry(agent.clone()).or_default();
            mind.trim(limits);
        }
        None => drop(world.minds.remove(agent)),
    }
    stir(world, agent);
}

/// A timer of an agent fired: it may go on for a while.
pub(super) fn refresh(world: &mut World, agent: &EntityId) {
    if let Some(mind) = world.minds.get_mut(agent) {
        mind.refresh();
        stir(world, agent);
    }
}

pub(super) fn forget(world: &mut World, agent: &EntityId) {
    if let Some(mind) = world.minds.get_mut(agent) {
        mind.forget();
        stir(world, agent);
    }
}

/// A run is wanted that thinks for an agent, or does what it asked for.
pub(super) fn request(world: &mut World, requested: &ActionRequested, run: RunId) {
    let agent = match (requested.thinking, &requested.caller) {
        (Some(_), _) => &requested.entity,
        (None, Some(caller)) if requested.message.is_none() => caller,
        _ => return,
    };
    let Some(mind) = world.minds.get_mut(agent) else {
        return;
    };
    match requested.thinking {
        Some(ThinkTask::Decide) => mind.begin_decision(run),
        Some(ThinkTask::Summarise) => mind.begin_summary(run),
        None => mind.wait_for(run),
    }
    stir(world, agent);
}

pub(super) fn think(world: &mut World, event: &Event, thought: &AgentThought) {
    let agent = &event.sender;
    let run = event.causation.map(EventId::invocation);
    let Some(mind) = world.minds.get_mut(agent) else {
        return;
    };
    if thought.exhausted {
        mind.give_up();
    } else if run.is_some_and(|run| mind.thinks_in(run)) {
        mind.think(thought.plan.as_deref(), &thought.thoughts);
        if thought.sleeps {
            mind.sleep();
        }
    }
    stir(world, agent);
}

pub(super) fn sum_up(world: &mut World, event: &Event, summarised: &AgentSummarised) {
    let run = event.causation.map(EventId::invocation);
    if let (Some(mind), Some(run)) = (world.minds.get_mut(&event.sender), run) {
        mind.sum_up(&summarised.summary, run);
        stir(world, &event.sender);
    }
}

/// A run ended that thought for an agent.
pub(super) fn thought(
    world: &mut World,
    (run, agent, thinking): (RunId, &EntityId, ThinkTask),
    event: &Event,
    ended: Ended<'_>,
    at: Timestamp,
) {
    let is_chain_broken = minds::next(world, agent).is_none();
    let Some(config) = minds::config(world, agent) else {
        return;
    };
    let (limits, chains) = (config.memory, config.chains.clone());
    // One that a mind of before had asked for says nothing to this one.
    let mind = world.minds.get_mut(agent);
    let Some(mind) = mind.filter(|mind| mind.thinks_in(run)) else {
        return;
    };
    match (thinking, ended) {
        (ThinkTask::Summarise, _) => mind.end_summary(),
        (ThinkTask::Decide, Ended::Badly(reason)) => {
            mind.sleep();
            mind.end_decision();
            let data = json!({"reason": reason});
            mind.remember(outcome(event, agent, at, &data), limits);
        }
        (ThinkTask::Decide, Ended::Well(completed)) => {
            mind.end_decision();
            if is_chain_broken {
                mind.break_chain();
            }
            for call in &completed.calls {
                if let Some(reason) = &call.refused {
                    let data = json!({"used": call.name, "refused": reason});
                    mind.remember(outcome(event, agent, at, &data), limits);
                } else if let Some(key) = call.ability() {
                    mind.follow(&key, &chains);
                }
            }
        }
    }
    stir(world, agent);
}

/// A run of an ability ended that an agent used by itself.
pub(super) fn returned(
    world: &mut World,
    (run, open): (RunId, &Open),
    event: &Event,
    ended: Ended<'_>,
    at: Timestamp,
) {
    let Some(caller) = &open.caller else { return };
    let limits = minds::config(world, caller).map(|config| config.memory);
    let (Some(mind), Some(limits)) = (world.minds.get_mut(caller), limits) else {
        return;
    };
    mind.has_ended(run);
    let used = open.ability.as_ref().map(ToString::to_string);
    match ended {
        Ended::Badly(reason) => {
            let data = json!({"used": used, "reason": reason});
            mind.remember(outcome(event, caller, at, &data), limits);
        }
        Ended::Well(completed) => {
            // Without an output its events are all there is to tell, and those are heard.
            if let Some(output) = &completed.output {
                mind.remember(outcome(event, caller, at, output), limits);
            }
        }
    }
    stir(world, caller);
}

/// What an agent remembers of the end of a run: it is told to the agent alone.
fn outcome(
    event: &Event,
    agent: &EntityId,
    at: Timestamp,
    data: &impl serde::Serialize,
) -> MemoryEntry {
    let data = to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned());
    let remembered = MemoryEntry {
        target: Some(Target::Entities(vec![agent.clone()])),
        ..MemoryEntry::new(event, at)
    };
    remembered.with_data(&data)
}
