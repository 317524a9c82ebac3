//! What events change about behaviours.

mod answers;
mod interactions;
mod notice;
mod remove;
mod roster;
mod streams;
mod transitions;

use contract::behaviour::{BehaviourDelayEnded, BehaviourSet, MemoryChange};
use contract::{EntityId, Event, Fact, InteractionId, Timestamp};

pub(crate) use answers::on_answer_ended;
use notice::{look_again, note_all, note_change};
use remove::{clear_alarm, remove_behaviour};

use super::enter::enter_state;
use super::links::{note_connecting_around, set_link};
use super::progress::{Pause, Progress, Wait};
use crate::behaviours::catalogue::Reads;
use crate::interactions::OpenInteraction;
use crate::world::World;

/// Applies an event; `ended` is the interaction that it ended for the last of its targets.
pub(crate) fn apply(
    world: &mut World,
    event: &Event,
    fact: &Fact,
    ended: Option<&(InteractionId, OpenInteraction)>,
    at: Timestamp,
) {
    match fact {
        Fact::ActionDeclared(declared) => {
            let action = &declared.action;
            let all = &mut world.behaviours.declared;
            all.insert(action.name.clone(), action.clone());
        }
        // What they read may have changed while none was looked at.
        Fact::WorldApplyEnded(_) => world.behaviours.set_all_pending(),
        Fact::BehaviourSet(set) => set_behaviour(world, set, at),
        Fact::BehaviourRemoved(removed) => remove_behaviour(world, &removed.entity),
        Fact::BehaviourPaused(paused) => {
            let reason = paused.reason.clone();
            if let Some(progress) = world.behaviours.machines.get_mut(&paused.entity) {
                progress.pause = Some(Pause { reason });
                progress.steps_once = false;
            }
            look_again(world, &paused.entity, at);
        }
        Fact::BehaviourResumed(resumed) => {
            if let Some(progress) = world.behaviours.machines.get_mut(&resumed.entity) {
                progress.pause = None;
                progress.steps_once = resumed.once;
                progress.hops = 0;
                progress.looped.clear();
            }
            look_again(world, &resumed.entity, at);
        }
        Fact::BehaviourTransitioned(made) => transitions::apply(world, made, at),
        Fact::BehaviourWaiting(waiting) => transitions::begin_wait(world, waiting, at),
        Fact::BehaviourDelayEnded(ended) => delay_ended(world, ended, at),
        Fact::BehaviourDeferred(deferred) => {
            world.behaviours.deferred.clone_from(&deferred.entities);
        }
        Fact::BehaviourChanged(change) => memory_changed(world, &event.sender, change, at),
        Fact::InteractionRequested(_)
        | Fact::InteractionAccepted(_)
        | Fact::InteractionReturned(_)
        | Fact::InteractionProgressed(_)
        | Fact::InteractionShown(_)
        | Fact::InteractionEnded(_) => interactions::apply(world, event, fact, ended, at),
        Fact::StreamDeclared(_) | Fact::StreamAppended(_) => streams::apply(world, fact),
        Fact::EntityCreated(_) => roster::changed(world),
        Fact::EntityUpdated(entity) => {
            note_connecting_around(world, &entity.id);
            roster::changed(world);
        }
        Fact::EntitiesConnected(connected) => {
            for entity in &connected.entities {
                note_connecting_around(world, entity);
            }
        }
        Fact::PresenceEnded(ended) => roster::presence_ended(world, &ended.entities, at),
        Fact::ActionRequested(_)
        | Fact::ChatStopped(_)
        | Fact::ChatDeleted(_)
        | Fact::MessageRemoved(_) => answers::apply(world, event, fact, at),
        Fact::EntityRemoved(removed) => roster::left(world, &removed.entity, at),
        _ => {}
    }
}

fn set_behaviour(world: &mut World, set: &BehaviourSet, at: Timestamp) {
    let entity = &set.entity;
    let behaviours = &mut world.behaviours;
    let before = behaviours.machines.remove(entity);
    let id = behaviours.definitions.add(set);
    if let Some(before) = &before {
        behaviours.definitions.release(before.definition);
        clear_alarm(world, entity, before);
    }
    let Some(compiled) = world.behaviours.definitions.compiled(id) else {
        // It was compiled before it entered the log.
        return;
    };
    let machine = &compiled.machine;
    let initial = machine.state(machine.initial()).name.clone();
    let progress = Progress::new(id, set.revision, initial, at);
    world.behaviours.machines.insert(entity.clone(), progress);
    crate::interactions::set_machine(world, entity, true);
    interactions::classify_all(world, entity);
    enter_state(world, entity, at);
}

fn delay_ended(world: &mut World, ended: &BehaviourDelayEnded, at: Timestamp) {
    let entity = &ended.entity;
    let limit = retry_limit(world, entity);
    if let Some(progress) = world.behaviours.machines.get_mut(entity) {
        let waits = progress
            .busy
            .as_ref()
            .filter(|busy| busy.wait == Wait::Success);
        let waits = waits.and_then(|busy| Some((busy.transition?, busy.since)));
        if let (Some((transition, since)), Some(limit)) = (waits, limit)
            && since + limit <= at
        {
            progress.busy = None;
            progress.expired.insert(transition);
        }
        if progress.again_at.take_if(|again| *again <= at).is_some() {
            progress.state_action_done = false;
        }
    }
    look_again(world, entity, at);
}

fn memory_changed(world: &mut World, entity: &EntityId, change: &MemoryChange, at: Timestamp) {
    let memory = world.behaviours.memory_mut(entity);
    let linked: Vec<EntityId> = memory.links.keys().cloned().collect();
    memory.apply(change);
    // A stream that is not subscribed to any more is read until the machine enters another state.
    for (stream, position) in &change.subscriptions {
        if position.is_some() {
            world.behaviours.readers.add_read(entity, stream);
        }
    }
    for (peer, link) in &change.links {
        set_link(world, entity, peer, *link);
        note_change(world, peer, Reads::Links);
        look_again(world, peer, at);
    }
    // One that was linked and is not any more has left its partner, too.
    for peer in linked {
        if change.links.get(&peer) == Some(&None) {
            note_change(world, &peer, Reads::Engaged);
        }
    }
    if let Some(progress) = world.behaviours.machines.get_mut(entity) {
        progress.state_action_done |= change.by_state_action;
        progress.again_at = change.again_at.or(progress.again_at);
    }
    if change.used.is_some() {
        note_all(world, entity);
    } else if change.evaluation.is_some() {
        note_change(world, entity, Reads::Evaluation);
    }
    look_again(world, entity, at);
}

/// For how long the action that a machine has begun is tried again.
fn retry_limit(world: &World, entity: &EntityId) -> Option<std::time::Duration> {
    let compiled = world.behaviours.compiled(entity)?;
    let progress = world.behaviours.get(entity)?;
    let state = compiled.machine.find(&progress.state)?;
    let place = usize::try_from(progress.busy.as_ref()?.transition?).ok()?;
    let transition = compiled.machine.state(state).transitions.get(place)?;
    Some(transition.retry)
}
