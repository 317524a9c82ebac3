//! What agents with a mind make of events.

use contract::ability::{Ability, Executor};
use contract::fact::{ActionRequested, AgentSummarised, AgentThought};
use contract::interaction::InteractionRequested;
use contract::mind::{MemoryEntry, ThinkTask};
use contract::purpose::Caller;
use contract::{
    ActionName, EntityId, EntityKind, Event, EventId, Fact, InteractionId, Purpose, Target,
    Timestamp,
};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::config::{is_run_by_workers, mark_pending, mind_config};
use super::context::next_in_chain;
use super::event_filter::FilteredEvent;
use crate::runs::EndedRun;
use crate::world::World;

pub(crate) fn apply(world: &mut World, event: &Event, fact: &Fact) {
    match fact {
        Fact::EntityCreated(entity) | Fact::EntityUpdated(entity) => put(world, &entity.id),
        Fact::EntityRemoved(removed) => {
            world.minds.by_agent.remove(&removed.entity);
            world.minds.due.remove(&removed.entity);
        }
        Fact::AgentForgot(forgot) => forget(world, &forgot.agent),
        Fact::AgentThought(thought) => update(world, event, thought),
        Fact::AgentSummarised(summarised) => summarise(world, event, summarised),
        Fact::ActionRequested(requested) => on_run_requested(world, event, requested),
        Fact::InteractionRequested(requested) => on_ability_requested(world, event, requested),
        Fact::TimerFired(_) => on_timer_fired(world, &event.sender),
        _ => {}
    }
}

/// A custom event happened: whom it concerns remembers it, and some wake.
pub(crate) fn on_custom_event(world: &mut World, event: &Event, at: Timestamp) {
    if world.minds.by_agent.is_empty() {
        return;
    }
    let by_person = is_person(world, &event.sender);
    let filtered = FilteredEvent::new(event);
    for agent in concerned(world, event, &filtered) {
        let Some(config) = mind_config(world, &agent) else {
            continue;
        };
        let sleeps = filtered.matches(&config.sleeps_on, &agent);
        // An agent whose client thinks for it is woken by its client.
        let wakes = is_run_by_workers(world, &agent) && filtered.wakes(&agent, &config.wakes_on);
        let ignores = config.ignores.contains(&event.event_type);
        let memory = config.memory;
        let Some(mind) = world.minds.by_agent.get_mut(&agent) else {
            continue;
        };
        let entry = MemoryEntry::new(event, at);
        if by_person {
            mind.reset_steps();
        }
        if sleeps {
            mind.sleep_at_once();
        }
        if wakes {
            mind.wake(entry.clone(), by_person);
        }
        if !ignores {
            mind.remember(entry, memory);
        }
        mark_pending(world, &agent);
    }
}

/// Agents with a mind that an event concerns.
fn concerned(world: &World, event: &Event, filtered: &FilteredEvent<'_>) -> Vec<EntityId> {
    let named: Vec<&EntityId> = match &event.target {
        Some(Target::Entities(targets)) => targets.iter().chain([&event.sender]).collect(),
        _ => world.minds.by_agent.keys().collect(),
    };
    let mut agents: Vec<EntityId> = named
        .into_iter()
        .filter(|agent| world.minds.by_agent.contains_key(*agent) && filtered.is_for(agent))
        .cloned()
        .collect();
    agents.sort_unstable();
    agents.dedup();
    agents
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

/// An entity is now as it is: it may have a mind, or none any more.
fn put(world: &mut World, agent: &EntityId) {
    match mind_config(world, agent).map(|config| config.memory) {
        Some(limits) => {
            let mind = world.minds.by_agent.entry(agent.clone()).or_default();
            mind.trim(limits);
        }
        None => drop(world.minds.by_agent.remove(agent)),
    }
    mark_pending(world, agent);
}

/// A timer of an agent fired: it may go on for a while.
fn on_timer_fired(world: &mut World, agent: &EntityId) {
    if let Some(mind) = world.minds.by_agent.get_mut(agent) {
        mind.reset_steps();
        mark_pending(world, agent);
    }
}

fn forget(world: &mut World, agent: &EntityId) {
    if let Some(mind) = world.minds.by_agent.get_mut(agent) {
        mind.forget();
        mark_pending(world, agent);
    }
}

/// A run was requested that thinks for an agent, or that it requested itself.
fn on_run_requested(world: &mut World, event: &Event, requested: &ActionRequested) {
    let run = event.id.run();
    let purpose = Purpose::of(event, requested);
    let agent = match &purpose {
        Purpose::Decide | Purpose::Summarise => &requested.entity,
        Purpose::Ability {
            caller: Some(Caller::Mind { agent, .. }),
            ..
        } => agent,
        _ => return,
    };
    let Some(mind) = world.minds.by_agent.get_mut(agent) else {
        return;
    };
    match &purpose {
        Purpose::Decide => mind.begin_decision(run),
        Purpose::Summarise => mind.begin_summary(run),
        _ => mind.wait_for(run),
    }
    mark_pending(world, agent);
}

/// An ability of an entity that has a behaviour was requested that the mind of an agent used.
fn on_ability_requested(world: &mut World, event: &Event, requested: &InteractionRequested) {
    let Some(Caller::Mind { agent, .. }) = &requested.caller else {
        return;
    };
    if let Some(mind) = world.minds.by_agent.get_mut(agent) {
        mind.wait_for_request(event.id.interaction());
        mark_pending(world, agent);
    }
}

fn update(world: &mut World, event: &Event, thought: &AgentThought) {
    let agent = &event.sender;
    let run = event.causation.map(EventId::run);
    let Some(mind) = world.minds.by_agent.get_mut(agent) else {
        return;
    };
    if thought.exhausted {
        mind.give_up_causes();
    } else if run.is_some_and(|run| mind.is_current_run(run)) {
        mind.update(thought.plan.as_deref(), &thought.thoughts);
        if thought.sleeps {
            mind.sleep();
        }
    }
    mark_pending(world, agent);
}

fn summarise(world: &mut World, event: &Event, summarised: &AgentSummarised) {
    let run = event.causation.map(EventId::run);
    if let (Some(mind), Some(run)) = (world.minds.by_agent.get_mut(&event.sender), run) {
        mind.summarise(&summarised.summary, run);
        mark_pending(world, &event.sender);
    }
}

/// A run ended that thought for an agent.
pub(crate) fn on_task_ended(
    world: &mut World,
    ended: &EndedRun<'_>,
    task: ThinkTask,
    (event, at): (&Event, Timestamp),
) {
    let agent = &ended.run.entity;
    let is_chain_broken = next_in_chain(world, agent).is_none();
    let Some(config) = mind_config(world, agent) else {
        return;
    };
    let (limits, chains) = (config.memory, config.chains.clone());
    // One that an earlier mind of the agent had requested is not for this one.
    let mind = world.minds.by_agent.get_mut(agent);
    let Some(mind) = mind.filter(|mind| mind.is_current_run(ended.id)) else {
        return;
    };
    match (task, ended.outcome) {
        (ThinkTask::Summarise, _) => mind.end_summary(),
        (ThinkTask::Decide, Err(reason)) => {
            mind.sleep();
            mind.end_decision();
            let data = json!({"reason": reason});
            mind.remember(outcome_entry(event, agent, at, &data), limits);
        }
        (ThinkTask::Decide, Ok(completed)) => {
            mind.end_decision();
            if is_chain_broken {
                mind.abandon_chain();
            }
            for call in &completed.calls {
                if let Some(reason) = &call.refused {
                    let data = json!({"used": call.name, "refused": reason});
                    mind.remember(outcome_entry(event, agent, at, &data), limits);
                } else if let Some(key) = call.ability() {
                    mind.advance_chain(&key, &chains);
                }
            }
        }
    }
    mark_pending(world, agent);
}

/// A run of an ability ended that the mind of `agent` used.
pub(crate) fn on_ability_ended(
    world: &mut World,
    ended: &EndedRun<'_>,
    (agent, ability): (&EntityId, &ActionName),
    (event, at): (&Event, Timestamp),
) {
    let limits = mind_config(world, agent).map(|config| config.memory);
    let mind = world.minds.by_agent.get_mut(agent);
    let (Some(mind), Some(limits)) = (mind, limits) else {
        return;
    };
    mind.run_ended(ended.id);
    match ended.outcome {
        Err(reason) => {
            let data = json!({"used": ability.to_string(), "reason": reason});
            mind.remember(outcome_entry(event, agent, at, &data), limits);
        }
        Ok(completed) => {
            // Without an output its events are all there is, and those the agent gets.
            if let Some(output) = &completed.output {
                mind.remember(outcome_entry(event, agent, at, output), limits);
            }
        }
    }
    mark_pending(world, agent);
}

/// A request of an ability has ended that the mind of `agent` used.
pub(crate) fn on_request_ended(
    world: &mut World,
    (id, ability): (InteractionId, &str),
    agent: &EntityId,
    outcome: Result<&str, &str>,
    (event, at): (&Event, Timestamp),
) {
    let limits = mind_config(world, agent).map(|config| config.memory);
    let mind = world.minds.by_agent.get_mut(agent);
    let (Some(mind), Some(limits)) = (mind, limits) else {
        return;
    };
    mind.request_ended(id);
    let data = match outcome {
        Ok(output) => json!({"used": ability, "output": output}),
        Err(reason) => json!({"used": ability, "reason": reason}),
    };
    let output = outcome
        .ok()
        .and_then(|text| RawValue::from_string(text.to_owned()).ok());
    let entry = match &output {
        Some(output) => outcome_entry(event, agent, at, output),
        None => outcome_entry(event, agent, at, &data),
    };
    mind.remember(entry, limits);
    mark_pending(world, agent);
}

/// What an agent remembers of the end of a run: it is for the agent alone.
fn outcome_entry(
    event: &Event,
    agent: &EntityId,
    at: Timestamp,
    data: &impl serde::Serialize,
) -> MemoryEntry {
    let data = to_raw_value(data).unwrap_or_else(|_| RawValue::NULL.to_owned());
    let entry = MemoryEntry {
        target: Some(Target::Entities(vec![agent.clone()])),
        ..MemoryEntry::new(event, at)
    };
    entry.with_data(&data)
}
