//! Answers in chats and in sessions of flows, as a machine lets its entity give them.

use contract::{ChatId, EntityId, RunId, Timestamp, action};

use super::definitions::Compiled;
use super::progress::{Busy, Progress, Wait};
use crate::behaviours::machine::MachineState;
use crate::chats;
use crate::interactions::Answers;
use crate::sessions;
use crate::world::World;

/// Sets when the entity of a machine answers messages.
pub(super) fn set_answers(world: &mut World, entity: &EntityId, at: Timestamp) {
    let machine = world
        .behaviours
        .compiled(entity)
        .zip(world.behaviours.get(entity));
    let Some((compiled, progress)) = machine else {
        return;
    };
    let answers = answers(compiled, progress, at);
    if world.interactions.set_answers(entity, answers) {
        chats::on_answers_changed(world, entity);
        sessions::on_answers_changed(world, entity);
    }
}

fn answers(compiled: &Compiled, progress: &Progress, at: Timestamp) -> Answers {
    let mut states = compiled.machine.states().iter();
    if !states.any(|state| first(state, progress, None).is_some()) {
        return Answers::Never;
    }
    let state = compiled.machine.find(&progress.state);
    let transition = state
        .filter(|_| progress.busy.is_none() && progress.pause.is_none())
        .and_then(|state| first(compiled.machine.state(state), progress, Some(at)));
    if transition.is_some() {
        Answers::Now
    } else {
        Answers::Later
    }
}

/// The first transition of a state that answers; by a time, one that is not delayed any more.
fn first(state: &MachineState, progress: &Progress, at: Option<Timestamp>) -> Option<u32> {
    let mut transitions = (0..).zip(&state.transitions);
    let found = transitions.find(|(_, transition)| {
        let is_delayed = at.is_some_and(|at| at < progress.since + transition.delay);
        transition.action.name == action::RESPOND && !is_delayed
    });
    found.map(|(place, _)| place)
}

/// A run was requested with which the entity of a machine answers.
pub(super) fn begin(
    world: &mut World,
    entity: &EntityId,
    (chat, run): (Option<&ChatId>, Option<RunId>),
    at: Timestamp,
) {
    let Some(compiled) = world.behaviours.compiled(entity).cloned() else {
        return;
    };
    let Some(progress) = world.behaviours.machines.get_mut(entity) else {
        return;
    };
    if progress.busy.is_some() {
        return;
    }
    let state = compiled.machine.find(&progress.state);
    let place = state.and_then(|state| first(compiled.machine.state(state), progress, Some(at)));
    if let Some(place) = place {
        progress.busy = Some(Busy {
            transition: Some(place),
            since: at,
            wait: Wait::Answer {
                chat: chat.cloned(),
                run,
                is_done: false,
            },
        });
    }
}
