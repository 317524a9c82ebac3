//! Requests that a machine receives, and the ends of those that its entity has sent.

use contract::interaction::{
    EndStatus, InteractionAccepted, InteractionEnded, InteractionRequested, InteractionReturned,
    TargetStatus,
};
use contract::{EntityId, Event, Fact, InteractionId, Timestamp, action};

use super::notice::{look_again, note_change};
use crate::behaviours::catalogue::Reads;
use crate::behaviours::machine::Transition;
use crate::behaviours::runtime::alarm::set_alarm;
use crate::behaviours::runtime::answers::set_answers;
use crate::behaviours::runtime::limits::backoff;
use crate::behaviours::runtime::matching::refusal;
use crate::behaviours::runtime::progress::{Busy, Retry, Wait};
use crate::behaviours::runtime::resolve::Actor;
use crate::behaviours::runtime::state::Callback;
use crate::interactions::OpenInteraction;
use crate::world::World;

/// The stream on which the processor of an entity writes.
const PROCESSOR: &str = "processor";
/// The action by which one entity becomes the partner of another.
const ENGAGE: &str = "engage";

pub(super) fn apply(
    world: &mut World,
    event: &Event,
    fact: &Fact,
    ended: Option<&(InteractionId, OpenInteraction)>,
    at: Timestamp,
) {
    match fact {
        Fact::InteractionRequested(requested) => self::requested(world, event, requested, at),
        Fact::InteractionAccepted(accepted) => self::accepted(world, accepted, at),
        Fact::InteractionReturned(returned) => self::returned(world, returned, at),
        Fact::InteractionProgressed(progressed) => look_again(world, &progressed.target, at),
        Fact::InteractionShown(shown) => remove_callback(world, &event.sender, shown.interaction),
        Fact::InteractionEnded(end) => {
            target_ended(world, end, ended, at);
            outcome(world, end, ended, at);
        }
        _ => {}
    }
}

fn requested(world: &mut World, event: &Event, requested: &InteractionRequested, at: Timestamp) {
    let id = event.id.interaction();
    let requester = &event.sender;
    if let Some(of) = requested.callback_of {
        remove_callback(world, requester, of);
    }
    if requested.targets.contains(requester) {
        read_own(world, requester, requested);
    }
    for target in &requested.targets {
        classify(world, target, id);
        if world.behaviours.contains(target) {
            look_again(world, target, at);
        }
    }
}

/// What an entity reads itself it does not get again.
fn read_own(world: &mut World, entity: &EntityId, requested: &InteractionRequested) {
    let Some(memory) = world.behaviours.memories.get_mut(entity) else {
        return;
    };
    for bound in requested.streams.iter() {
        let end = bound.from + u64::from(requested.steps);
        if let Some(position) = memory.subscriptions.get_mut(&bound.stream) {
            *position = (*position).max(end);
        }
        if let Some(unread) = memory.unread.get_mut(&bound.stream) {
            unread.0 = unread.0.max(end);
            if unread.0 >= unread.1 {
                memory.unread.remove(&bound.stream);
            }
        }
    }
}

/// Puts all requests that wait for an entity in the queue of its machine.
pub(super) fn classify_all(world: &mut World, entity: &EntityId) {
    let waiting = world.interactions.of_target(entity);
    let waiting = waiting.filter(|(.., progress)| progress.status == TargetStatus::Waiting);
    let ids: Vec<InteractionId> = waiting.map(|(id, ..)| id).collect();
    for id in ids {
        classify(world, entity, id);
    }
}

/// Puts a request in the queue of a target's machine, or refuses it.
fn classify(world: &mut World, target: &EntityId, id: InteractionId) {
    let Some(compiled) = world.behaviours.compiled(target).cloned() else {
        return;
    };
    let Some(open) = world.interactions.get(id) else {
        return;
    };
    let Some(action) = open.request.action.as_ref().map(ToString::to_string) else {
        return;
    };
    let wildcards = Actor::new(world, target).wildcards();
    let refusal = refusal(&compiled, &open.request, &wildcards);
    let Some(progress) = world.behaviours.machines.get_mut(target) else {
        return;
    };
    match refusal {
        Some(refusal) => progress.queue.refuse(id, refusal),
        None => progress.queue.push(&action, id),
    }
}

fn accepted(world: &mut World, accepted: &InteractionAccepted, at: Timestamp) {
    let (id, target) = (accepted.interaction, &accepted.target);
    let Some(open) = world.interactions.get(id) else {
        return;
    };
    let own = open.requester == *target;
    let is_machines = accepted.transition.is_some() || open.request.state_action;
    let Some(progress) = world.behaviours.machines.get_mut(target) else {
        return;
    };
    progress.queue.remove(id);
    if !is_machines {
        return;
    }
    progress.busy = Some(Busy {
        transition: accepted.transition,
        since: at,
        wait: Wait::Served {
            interaction: id,
            own,
            ended: None,
        },
    });
    set_alarm(world, target, at);
    set_answers(world, target, at);
}

/// The target could not do it: it waits again, behind the others.
fn returned(world: &mut World, returned: &InteractionReturned, at: Timestamp) {
    let (id, target) = (returned.interaction, &returned.target);
    let Some(open) = world.interactions.get(id) else {
        return;
    };
    let attempts = open
        .progress(target)
        .map_or(0, |progress| progress.attempts);
    let action = open.request.action.as_ref().map(ToString::to_string);
    let until = at + backoff(attempts);
    if let (Some(progress), Some(action)) = (world.behaviours.machines.get_mut(target), action) {
        progress.queue.hold(&action, id, until);
        if is_serving(progress.busy.as_ref(), id) {
            progress.busy = None;
        }
    }
    look_again(world, target, at);
}

fn is_serving(busy: Option<&Busy>, id: InteractionId) -> bool {
    busy.is_some_and(
        |busy| matches!(&busy.wait, Wait::Served { interaction, .. } if *interaction == id),
    )
}

/// A request has ended for a target: if its machine was at it, it goes on.
fn target_ended(
    world: &mut World,
    end: &InteractionEnded,
    ended: Option<&(InteractionId, OpenInteraction)>,
    at: Timestamp,
) {
    let (id, target) = (end.interaction, &end.target);
    let compiled = world.behaviours.compiled(target).cloned();
    let is_state_action =
        request_of(world, id, ended).is_some_and(|open| open.request.state_action);
    let Some(progress) = world.behaviours.machines.get_mut(target) else {
        return;
    };
    progress.queue.remove(id);
    if !is_serving(progress.busy.as_ref(), id) {
        return;
    }
    let Some(busy) = progress.busy.take() else {
        return;
    };
    let transition = compiled.as_ref().and_then(|compiled| {
        let state = compiled.machine.find(&progress.state)?;
        let place = usize::try_from(busy.transition?).ok()?;
        compiled.machine.state(state).transitions.get(place)
    });
    match (busy.transition, transition) {
        (Some(place), Some(transition)) => {
            let before = progress.retries.get(&place).copied();
            let since = before.map_or(busy.since, |retry| retry.since);
            let own = matches!(busy.wait, Wait::Served { own: true, .. });
            if goes_on(transition, end.status, own, since, at) {
                progress.busy = Some(Busy {
                    wait: Wait::Served {
                        interaction: id,
                        own,
                        ended: Some(end.status),
                    },
                    ..busy
                });
            } else if own {
                let attempts = before.map_or(0, |retry| retry.attempts) + 1;
                let retry = Retry {
                    since,
                    attempts,
                    at: at + backoff(attempts),
                };
                progress.retries.insert(place, retry);
            }
        }
        _ => progress.state_action_done |= is_state_action,
    }
    look_again(world, target, at);
}

/// Whether a transition is made once its action has ended so: to its state, or to that of its failure.
fn goes_on(
    transition: &Transition,
    status: EndStatus,
    own: bool,
    since: Timestamp,
    at: Timestamp,
) -> bool {
    let has_failed = matches!(status, EndStatus::Failed | EndStatus::TimedOut);
    let is_over = !own || transition.retry.is_zero() || since + transition.retry <= at;
    status.is_success() || (has_failed && transition.on_failure.is_some() && is_over)
}

fn request_of<'a>(
    world: &'a World,
    id: InteractionId,
    ended: Option<&'a (InteractionId, OpenInteraction)>,
) -> Option<&'a OpenInteraction> {
    match ended {
        Some((ended, open)) if *ended == id => Some(open),
        _ => world.interactions.get(id),
    }
}

/// The requester learns how a request has ended for a target.
fn outcome(
    world: &mut World,
    end: &InteractionEnded,
    ended: Option<&(InteractionId, OpenInteraction)>,
    at: Timestamp,
) {
    let Some(open) = request_of(world, end.interaction, ended) else {
        return;
    };
    let requester = open.requester.clone();
    let action = open.request.action.clone();
    let callback = open.request.callback.clone();
    let is_last = ended.is_some();
    let success = open
        .request
        .targets
        .iter()
        .filter_map(|target| open.progress(target))
        .any(|progress| {
            matches!(
                progress.status,
                TargetStatus::Completed | TargetStatus::Partial
            )
        });
    let is_volatile = open.request.volatile;
    let is_there = world.entities.contains(&requester);
    let callback = callback.filter(|_| is_there && world.behaviours.contains(&requester));
    if callback.is_none() {
        world.behaviours.outcomes.remove(&end.interaction);
    }
    if is_volatile || !is_there {
        return;
    }
    let name = action.as_ref().map_or("", |action| action.as_str());
    if requester == end.target {
        remember_own(world, end);
    } else {
        remember(world, &requester, name, end);
        if name == ENGAGE && end.status.is_success() {
            note_change(world, &requester, Reads::Engaged);
            note_change(world, &requester, Reads::Found);
        }
    }
    if let Some(callback) = callback {
        let outcomes = world
            .behaviours
            .outcomes
            .entry(end.interaction)
            .or_default();
        outcomes.push(end.clone());
        if is_last {
            let outcomes = world.behaviours.outcomes.remove(&end.interaction);
            let callback = Callback {
                callback,
                action,
                outcomes: outcomes.unwrap_or_default(),
            };
            let callbacks = world
                .behaviours
                .callbacks
                .entry(requester.clone())
                .or_default();
            callbacks.insert(end.interaction, callback);
        }
    }
    if is_last {
        note_success(world, &requester, end.interaction, success);
    }
    if requester != end.target {
        note_change(world, &requester, Reads::Interactions);
    }
    look_again(world, &requester, at);
}

/// The transitions that have sent a request learn whether a target has done it.
fn note_success(world: &mut World, requester: &EntityId, id: InteractionId, success: bool) {
    let Some(progress) = world.behaviours.machines.get_mut(requester) else {
        return;
    };
    for (state, by_place) in &mut progress.sent {
        let ended = by_place.iter_mut();
        for (place, sent) in ended.filter(|(_, sent)| sent.interaction == id) {
            sent.success = Some(success);
            // Its transition looks at that at once.
            if *state == progress.state
                && let Some(retry) = progress.retries.get_mut(place)
            {
                retry.at = Timestamp::default();
            }
        }
    }
}

/// What an entity knows by the end of a request of its own.
fn remember(world: &mut World, requester: &EntityId, action: &str, end: &InteractionEnded) {
    if !end.status.is_success() {
        return;
    }
    match action {
        ENGAGE => {
            let memory = world.behaviours.memory_mut(requester);
            memory.engaged.insert(end.target.clone());
            memory.found.remove(&end.target);
        }
        action::PROCESS if world.behaviours.contains(requester) => {
            if let Some(output) = end.output.first() {
                let memory = world.behaviours.memory_mut(requester);
                memory.outputs.insert(end.target.clone(), output.clone());
            }
        }
        _ => {}
    }
}

/// What the processor of an entity wrote for the entity itself.
fn remember_own(world: &mut World, end: &InteractionEnded) {
    let entity = &end.target;
    if let Some(memory) = world.behaviours.memories.get_mut(entity) {
        memory.end_used(end);
    }
    let mut written = end.output.iter();
    let output = written.find(|output| output.stream.name.as_str() == PROCESSOR);
    let Some(output) = output.filter(|_| end.status.is_success()) else {
        return;
    };
    if world.behaviours.contains(entity) {
        let memory = world.behaviours.memory_mut(entity);
        memory.outputs.insert(entity.clone(), output.clone());
    }
}

fn remove_callback(world: &mut World, requester: &EntityId, of: InteractionId) {
    if let Some(callbacks) = world.behaviours.callbacks.get_mut(requester) {
        callbacks.remove(&of);
        if callbacks.is_empty() {
            world.behaviours.callbacks.remove(requester);
        }
    }
}
