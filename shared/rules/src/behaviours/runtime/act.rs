//! One attempt of the action of a transition.

use contract::{EntityId, Fact, InteractionId, Rejection, action};

use super::attempt::Attempt;
use super::change::{push_change, raw};
use super::local::{self, Call, Outcome};
use super::look::Look;
use super::matching::{merged_arguments, request_arguments};
use super::own;
use super::sends;
use crate::behaviours::catalogue::Class;
use crate::behaviours::machine::Transition;
use crate::decider::Decider;
use crate::interactions::{self, Acceptance};

/// Tries the action of a transition, for a request or without one.
pub(super) fn attempt(
    look: Look<'_>,
    (place, transition): (u32, &Transition),
    request: Option<InteractionId>,
    decider: &mut Decider<'_>,
) -> Result<Attempt, Rejection> {
    let begun = decider.events().len();
    let tried = try_action(look, (place, transition), request, decider)?;
    // The entity has another behaviour now, by a role that it gave itself: that one begins.
    let is_replaced = replaces(look.entity(), decider, begun);
    Ok(if is_replaced { Attempt::Begun } else { tried })
}

/// Whether what was decided since gives an entity another behaviour.
pub(super) fn replaces(entity: &EntityId, decider: &Decider<'_>, since: usize) -> bool {
    let decided = decider.events().get(since..).unwrap_or_default().iter();
    let mut facts = decided.filter_map(|decided| decided.fact.as_ref());
    facts.any(|fact| matches!(fact, Fact::BehaviourSet(set) if set.entity == *entity))
}

fn try_action(
    look: Look<'_>,
    (place, transition): (u32, &Transition),
    request: Option<InteractionId>,
    decider: &mut Decider<'_>,
) -> Result<Attempt, Rejection> {
    match (transition.action.class(), request) {
        (Class::Run, Some(id)) => accept(look, (place, transition), id, decider),
        (Class::Run, None) => {
            let has_begun = own::begin(look, (place, transition), decider)?;
            Ok(if has_begun {
                Attempt::Begun
            } else {
                Attempt::False
            })
        }
        (Class::Sends, _) => sends::attempt(look, (place, transition), decider),
        (Class::Local | Class::Guard, _) => {
            let call = call_of(look, transition, request);
            let name = transition.action.name.as_str();
            let acted = local::act(look.actor, name, &call, decider)?;
            push_change(look.entity(), acted.change, decider)?;
            match (acted.outcome, request) {
                (Outcome::True, Some(id)) => {
                    let to = look.state_name(transition.to);
                    interactions::complete_now(look.world(), id, look.entity(), to, decider)?;
                    Ok(Attempt::Done)
                }
                (Outcome::True, None) => Ok(Attempt::Done),
                (Outcome::Refused { word, detail }, Some(id)) => {
                    let reason = (word, detail.as_str());
                    interactions::reject(look.world(), id, look.entity(), reason, decider)?;
                    Ok(Attempt::Begun)
                }
                // The next request of the same action may be done before it.
                (Outcome::False, Some(id)) => {
                    interactions::return_to_queue(look.world(), id, look.entity(), decider)?;
                    Ok(Attempt::Begun)
                }
                (Outcome::Refused { .. } | Outcome::False, None) => Ok(Attempt::False),
            }
        }
    }
}

fn call_of<'a>(
    look: Look<'a>,
    transition: &Transition,
    request: Option<InteractionId>,
) -> Call<'a> {
    let pinned = look.actor.arguments(&transition.action);
    let open = request.and_then(|id| look.world().interactions.get(id));
    let args = match open {
        Some(open) => merged_arguments(pinned, &open.request),
        None => pinned,
    };
    Call {
        args,
        interaction: look.actor.interaction(&transition.action),
        request: request.zip(open),
    }
}

/// A run, or a client, does what is requested.
fn accept(
    look: Look<'_>,
    (place, transition): (u32, &Transition),
    id: InteractionId,
    decider: &mut Decider<'_>,
) -> Result<Attempt, Rejection> {
    let Some(open) = look.world().interactions.get(id) else {
        return Ok(Attempt::False);
    };
    let pinned = look.actor.arguments(&transition.action);
    let requested = request_arguments(&open.request);
    let merged = merged_arguments(pinned, &open.request);
    let arguments = if transition.action.name == action::EVALUATE {
        // A worker gets the streams and positions to compare.
        let Some(prepared) = own::evaluation_arguments(look.actor, &merged) else {
            interactions::return_to_queue(look.world(), id, look.entity(), decider)?;
            return Ok(Attempt::Begun);
        };
        Some(raw(&prepared)?)
    } else {
        (merged != requested).then(|| raw(&merged)).transpose()?
    };
    let acceptance = Acceptance {
        transition: Some(place),
        state: Some(look.state_name(transition.to).to_owned()),
        arguments,
    };
    interactions::accept(id, (look.entity(), &open.requester), acceptance, decider)?;
    Ok(Attempt::Begun)
}
