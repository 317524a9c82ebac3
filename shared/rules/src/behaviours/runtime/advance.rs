//! One look at a machine: at most one transition is made, or one action begun.

use contract::behaviour::BehaviourPaused;
use contract::{EntityId, Fact, Rejection};

use super::act::attempt;
use super::attempt::Attempt;
use super::callbacks;
use super::limits::HOPS_MAX;
use super::look::{Cause, Look};
use super::pass::candidates;
use super::progress::{Busy, Wait};
use super::resolve::Actor;
use super::state_action;
use crate::behaviours::catalogue::Class;
use crate::chats;
use crate::decider::{Decider, EventHeader};
use crate::interactions;
use crate::world::World;

/// Looks at the machine of an entity.
pub(crate) fn advance(
    world: &World,
    entity: &EntityId,
    cause: Cause,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(compiled) = world.behaviours.compiled(entity) else {
        return Ok(());
    };
    let Some(progress) = world.behaviours.get(entity) else {
        return Ok(());
    };
    if let Some((id, refusal)) = progress.queue.first_refused() {
        let reason = (refusal.word.as_str(), refusal.detail.as_str());
        return interactions::reject(world, id, entity, reason, decider);
    }
    let Some(state) = compiled.machine.find(&progress.state) else {
        return Ok(());
    };
    let look = Look {
        actor: Actor::new(world, entity),
        compiled,
        progress,
        state: compiled.machine.state(state),
        cause,
    };
    if progress.pause.is_some() {
        return Ok(());
    }
    if let Some(busy) = &progress.busy {
        return continue_action(look, busy, decider);
    }
    if !cause.is_new && progress.hops >= HOPS_MAX {
        return pause(look, decider);
    }
    let begun = decider.events().len();
    callbacks::run_next(look, decider)?;
    if decider.events().len() > begun {
        return Ok(());
    }
    if state_action::run(look, decider)? {
        return Ok(());
    }
    for (place, transition, request) in candidates(look, decider.now()) {
        let tried = attempt(look, (place, transition), request, decider)?;
        match tried {
            Attempt::Done => return look.make((place, transition), false, request, decider),
            Attempt::Begun => return Ok(()),
            Attempt::False => {
                let is_exclusive = !transition.retry.is_zero()
                    && request.is_none()
                    && !progress.expired.contains(&place)
                    && transition.action.class() != Class::Run;
                if is_exclusive {
                    return look.wait(place, None, decider);
                }
                if decider.events().len() > begun {
                    // It was false, and has changed something all the same.
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The machine has made many transitions that nothing but machines was the cause of.
fn pause(look: Look<'_>, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let reason = format!(
        "{HOPS_MAX} transitions without a cause outside of behaviours, the last one in the state {:?}: \
         it would go on for ever",
        look.state.name
    );
    let paused = BehaviourPaused {
        entity: look.entity().clone(),
        reason: Some(reason),
    };
    let header = EventHeader::sent_by(look.entity());
    decider.push_with(Fact::BehaviourPaused(paused), header)
}

/// Goes on with an action that has begun.
fn continue_action(
    look: Look<'_>,
    busy: &Busy,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let place = busy
        .transition
        .and_then(|place| usize::try_from(place).ok());
    let Some((place, transition)) = busy
        .transition
        .zip(place.and_then(|place| look.state.transitions.get(place)))
    else {
        return Ok(());
    };
    let has_time = transition.max.is_zero() || decider.now() < busy.since + transition.max;
    match &busy.wait {
        Wait::Served {
            interaction,
            own,
            ended,
        } => match ended {
            Some(status) => {
                let interaction = (!own).then_some(*interaction);
                let failed = !status.is_success();
                look.make((place, transition), failed, interaction, decider)
            }
            None if has_time => Ok(()),
            None => {
                let detail = "its action has taken longer than its behaviour lets it";
                interactions::time_out(look.world(), *interaction, look.entity(), detail, decider)
            }
        },
        Wait::Sent => {
            let success = look.progress.sent_by(place).and_then(|sent| sent.success);
            let is_late =
                !transition.retry.is_zero() && decider.now() >= busy.since + transition.retry;
            match success {
                Some(true) => look.make((place, transition), false, None, decider),
                Some(false) if transition.on_failure.is_some() => {
                    look.make((place, transition), true, None, decider)
                }
                Some(false) => look.give_up(place, decider),
                None if has_time && !is_late => Ok(()),
                None if transition.on_failure.is_some() && !has_time => {
                    look.make((place, transition), true, None, decider)
                }
                None => look.give_up(place, decider),
            }
        }
        Wait::Answer {
            chat: Some(chat), ..
        } if chats::is_answering(look.world(), chat, look.entity()) => Ok(()),
        Wait::Answer { run: Some(run), .. } if look.world().runs.get(*run).is_some() => Ok(()),
        Wait::Answer { is_done: true, .. } => look.make((place, transition), false, None, decider),
        Wait::Answer { .. } if transition.on_failure.is_some() => {
            look.make((place, transition), true, None, decider)
        }
        Wait::Answer { .. } => look.give_up(place, decider),
        Wait::Success => {
            let tried = attempt(look, (place, transition), None, decider)?;
            match tried {
                Attempt::Done => look.make((place, transition), false, None, decider),
                _ => Ok(()),
            }
        }
    }
}
