//! Transitions that were made, and actions that were begun.

use contract::Timestamp;
use contract::behaviour::{BehaviourTransitioned, BehaviourWaiting};

use super::notice::look_again;
use crate::behaviours::catalogue::Class;
use crate::behaviours::runtime::enter::enter_state;
use crate::behaviours::runtime::limits::backoff;
use crate::behaviours::runtime::progress::{Busy, Pause, Progress, Retry, Sent, Wait};
use crate::world::World;

/// An action that takes what others wrote for the entity's requests.
const RECEIVES: &[&str] = &["received_some_asked_data", "on_received"];

pub(super) fn apply(world: &mut World, made: &BehaviourTransitioned, at: Timestamp) {
    let entity = &made.entity;
    let Some(compiled) = world.behaviours.compiled(entity).cloned() else {
        return;
    };
    let Some(progress) = world.behaviours.machines.get_mut(entity) else {
        return;
    };
    let state = compiled.machine.find(&made.from);
    let place = usize::try_from(made.transition).unwrap_or(usize::MAX);
    let transition = state.and_then(|state| compiled.machine.state(state).transitions.get(place));
    count(progress, made, at);
    let stays = made.from == made.to;
    // An action with a function of its own takes one stream at a time, when it begins: what has come since
    // stays.
    let takes_all = RECEIVES.contains(&made.action.as_str())
        && transition.is_some_and(|transition| transition.action.class() != Class::Run);
    if stays {
        progress.retries.remove(&made.transition);
        let is_free = transition.is_some_and(|transition| {
            transition.delay.is_zero() && transition.action.class() != Class::Run
        });
        if is_free && made.interaction.is_none() {
            progress.looped.insert(made.transition);
        }
    } else {
        progress.looped.clear();
        progress.expired.clear();
        progress.retries.clear();
        progress.queue.release_held();
    }
    if let Some(sent) = progress.sent.get_mut(&made.from) {
        sent.remove(&made.transition);
        if sent.is_empty() {
            progress.sent.remove(&made.from);
        }
    }
    progress.busy = None;
    progress.state.clone_from(&made.to);
    progress.since = at;
    progress.state_action_done = false;
    progress.again_at = None;
    progress.hops = made.hops;
    if made.hops == 1 {
        progress.chain_start = world.interactions.requests_so_far();
    }
    let is_urgent = transition.is_some_and(|transition| transition.high_priority);
    progress.urgent = if is_urgent { progress.urgent + 1 } else { 0 };
    if progress.steps_once {
        progress.steps_once = false;
        progress.pause = Some(Pause { reason: None });
    }
    if let Some(memory) = world.behaviours.memories.get_mut(entity) {
        if !stays {
            memory.left.clear();
        }
        if takes_all && !made.failed {
            memory.unread.clear();
        }
    }
    enter_state(world, entity, at);
}

fn count(progress: &mut Progress, made: &BehaviourTransitioned, at: Timestamp) {
    let stay = u64::try_from(at.since(progress.since).as_millis()).unwrap_or(u64::MAX);
    let statistics = &mut progress.statistics;
    let total = statistics.state_ms.entry(made.from.clone()).or_default();
    *total = total.saturating_add(stay);
    let counts = statistics.actions.entry(made.action.clone()).or_default();
    if made.failed {
        counts.1 += 1;
    } else {
        counts.0 += 1;
    }
}

/// A machine waits for the end of an action.
pub(super) fn begin_wait(world: &mut World, waiting: &BehaviourWaiting, at: Timestamp) {
    let entity = &waiting.entity;
    let Some(progress) = world.behaviours.machines.get_mut(entity) else {
        return;
    };
    if waiting.over {
        stop_wait(progress, waiting.transition, at);
        return look_again(world, entity, at);
    }
    let wait = match waiting.interaction {
        Some(interaction) => {
            let state = progress.state.clone();
            let sent = progress.sent.entry(state).or_default();
            let sent = sent.entry(waiting.transition).or_insert(Sent {
                interaction,
                success: None,
            });
            if sent.interaction != interaction {
                *sent = Sent {
                    interaction,
                    success: None,
                };
            }
            Wait::Sent
        }
        None => Wait::Success,
    };
    progress.busy = Some(Busy {
        transition: Some(waiting.transition),
        since: at,
        wait,
    });
    look_again(world, entity, at);
}

/// The action was false: it is tried again later. What it has sent and has not ended counts then.
fn stop_wait(progress: &mut Progress, place: u32, at: Timestamp) {
    let since = progress.busy.take().map_or(at, |busy| busy.since);
    if let Some(sent) = progress.sent.get_mut(&progress.state)
        && sent.get(&place).is_some_and(|sent| sent.success.is_some())
    {
        sent.remove(&place);
    }
    let before = progress.retries.get(&place).copied();
    let attempts = before.map_or(0, |retry| retry.attempts) + 1;
    let retry = Retry {
        since: before.map_or(since, |retry| retry.since),
        attempts,
        at: at + backoff(attempts),
    };
    progress.retries.insert(place, retry);
}
