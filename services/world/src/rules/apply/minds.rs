//! What agents with a mind make of events.

use contract::fact::{ActionRequested, AgentSummarised, AgentThought};
use contract::mind::{Remembered, Thinking};
use contract::{EntityId, EntityKind, Event, InvocationId, Target, Timestamp};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::Ended;
use crate::rules::minds;
use crate::rules::state::{Open, World};

/// A custom event happened: whoever hears it remembers it, and some wake.
pub(super) fn hear(world: &mut World, event: &Event, at: Timestamp) {
    if world.minds.is_empty() {
        return;
    }
    let is_somebody = is_person(world, &event.sender);
    for agent in listeners(world, event) {
        let Some(config) = minds::config(world, &agent) else {
            continue;
        };
        let sleeps = minds::is_one_of(&config.sleeps_on, &agent, event);
        let wakes =
            minds::could_wake(&agent, event) && minds::is_one_of(&config.wakes_on, &agent, event);
        let ignores = config.ignores.contains(&event.event_type);
        let memory = config.memory;
        let Some(mind) = world.minds.get_mut(&agent) else {
            continue;
        };
        let remembered = Remembered::new(event, at);
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
fn listeners(world: &World, event: &Event) -> Vec<EntityId> {
    let named: Vec<&EntityId> = match &event.target {
        Some(Target::Entities(targets)) => targets.iter().chain([&event.sender]).collect(),
        _ => world.minds.keys().collect(),
    };
    let mut hearing: Vec<EntityId> = named
        .into_iter()
        .filter(|agent| world.minds.contains_key(*agent) && minds::hears(agent, event))
        .cloned()
        .collect();
    hearing.sort_unstable();
    hearing.dedup();
    hearing
}

fn is_person(world: &World, sender: &EntityId) -> bool {
    let entity = world.entities.get(sender);
    *sender == EntityId::world() || entity.is_some_and(|entity| entity.kind == EntityKind::User)
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
pub(super) fn request(world: &mut World, requested: &ActionRequested, run: InvocationId) {
    let agent = match (requested.thinking, &requested.caller) {
        (Some(_), _) => &requested.agent,
        (None, Some(caller)) if requested.message.is_none() => caller,
        _ => return,
    };
    let Some(mind) = world.minds.get_mut(agent) else {
        return;
    };
    match requested.thinking {
        Some(Thinking::Decide) => mind.begin_decision(run),
        Some(Thinking::Summarise) => mind.begin_summary(run),
        None => mind.wait_for(run),
    }
    stir(world, agent);
}

pub(super) fn think(world: &mut World, agent: &EntityId, thought: &AgentThought) {
    let Some(mind) = world.minds.get_mut(agent) else {
        return;
    };
    mind.think(thought.plan.as_deref(), &thought.thoughts);
    if thought.exhausted {
        mind.give_up();
    } else if thought.sleeps {
        mind.sleep();
    }
    stir(world, agent);
}

pub(super) fn sum_up(world: &mut World, agent: &EntityId, summarised: &AgentSummarised) {
    if let Some(mind) = world.minds.get_mut(agent) {
        mind.sum_up(&summarised.summary);
        stir(world, agent);
    }
}

/// A run ended that thought for an agent.
pub(super) fn thought(
    world: &mut World,
    agent: &EntityId,
    thinking: Thinking,
    event: &Event,
    ended: Ended<'_>,
    at: Timestamp,
) {
    let is_chain_broken = minds::next(world, agent).is_none();
    let Some(config) = minds::config(world, agent) else {
        return;
    };
    let (limits, chains) = (config.memory, config.chains.clone());
    let Some(mind) = world.minds.get_mut(agent) else {
        return;
    };
    match (thinking, ended) {
        (Thinking::Summarise, _) => mind.end_summary(limits),
        (Thinking::Decide, Ended::Badly(reason)) => {
            mind.sleep();
            mind.end_decision();
            let data = json!({"reason": reason});
            mind.remember(outcome(event, agent, at, &data), limits);
        }
        (Thinking::Decide, Ended::Well(completed)) => {
            mind.end_decision();
            if is_chain_broken {
                mind.break_chain();
            }
            for call in &completed.calls {
                match (&call.refused, minds::key(call)) {
                    (None, Some(key)) => mind.follow(&key, &chains),
                    (None, None) => {}
                    (Some(reason), _) => {
                        let data = json!({"used": call.name, "refused": reason});
                        mind.remember(outcome(event, agent, at, &data), limits);
                    }
                }
            }
        }
    }
    stir(world, agent);
}

/// A run of an ability ended that an agent used by itself.
pub(super) fn returned(
    world: &mut World,
    (run, open): (InvocationId, &Open),
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
) -> Remembered {
    let data = to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned());
    let remembered = Remembered {
        target: Some(Target::Entities(vec![agent.clone()])),
        ..Remembered::new(event, at)
    };
    remembered.with_data(&data)
}
