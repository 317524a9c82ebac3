//! Which transitions a machine tries, and in which order.

use contract::{InteractionId, Timestamp, action};

use super::limits::URGENT_MAX;
use super::look::Look;
use super::matching::accepts;
use super::own::has_input;
use crate::behaviours::machine::Transition;
use crate::behaviours::wildcards::Wildcards;
use crate::interactions;

/// A transition that may be made, and the request that it would serve.
pub(super) type Candidate<'a> = (u32, &'a Transition, Option<InteractionId>);

/// The transitions that are tried, in this order: those of high priority, those for which a request waits,
/// and the others; each in the order of the document.
pub(super) fn candidates(look: Look<'_>, now: Timestamp) -> Vec<Candidate<'_>> {
    let wildcards = look.actor.wildcards();
    let mut candidates: Vec<(u8, Candidate<'_>)> = Vec::new();
    let waits = now < look.progress.since + look.state.wait;
    for (place, transition) in (0..).zip(&look.state.transitions) {
        if !transition.delay.is_zero() && now < look.progress.since + transition.delay {
            continue;
        }
        let request = first_request(look, transition, &wildcards, now);
        if request.is_some() {
            let rank = u8::from(!transition.high_priority);
            candidates.push((rank, (place, transition, request)));
        }
        if !waits && is_solid(look, place, transition, now) {
            let rank = if transition.high_priority { 0 } else { 2 };
            candidates.push((rank, (place, transition, None)));
        }
    }
    let has_request = |(_, (.., request)): &(u8, Candidate<'_>)| request.is_some();
    if look.progress.urgent >= URGENT_MAX && candidates.iter().any(has_request) {
        for candidate in candidates
            .iter_mut()
            .filter(|candidate| !has_request(candidate))
        {
            candidate.0 = 2;
        }
    }
    candidates.sort_by_key(|(rank, _)| *rank);
    candidates
        .into_iter()
        .map(|(_, candidate)| candidate)
        .collect()
}

/// The first request that a transition can serve now.
fn first_request(
    look: Look<'_>,
    transition: &Transition,
    wildcards: &Wildcards,
    now: Timestamp,
) -> Option<InteractionId> {
    let world = look.world();
    let queue = &look.progress.queue;
    let can_serve = |id: &InteractionId| {
        let Some(open) = world.interactions.get(*id) else {
            return false;
        };
        queue.is_due(*id, now)
            && interactions::is_in_world(world, &open.requester)
            && accepts(
                look.compiled,
                (look.state, transition),
                &open.request,
                wildcards,
            )
            && interactions::is_ready(world, *id, look.entity())
    };
    queue.of(&transition.action.name).find(can_serve)
}

/// Whether a transition may be made without a request.
fn is_solid(look: Look<'_>, place: u32, transition: &Transition, now: Timestamp) -> bool {
    let progress = look.progress;
    let retry = progress.retries.get(&place);
    transition.ready
        && transition.action.name != action::RESPOND
        && !progress.looped.contains(&place)
        && retry.is_none_or(|retry| retry.at <= now)
        && (!transition.action.needs_input() || has_input(look, transition))
}
