//! The actions that send requests in an entity's name.

use contract::{EntityId, Rejection};
use serde_json::{Map, Value};

use super::attempt::Attempt;
use super::change::push_change;
use super::local::{self, Acted, Call, Outcome};
use super::look::Look;
use super::requests::{self, Sent};
use super::resolve::{Actor, is_on};
use crate::behaviours::machine::Transition;
use crate::decider::Decider;

/// Tries an action that sends.
pub(super) fn attempt(
    look: Look<'_>,
    (place, transition): (u32, &Transition),
    decider: &mut Decider<'_>,
) -> Result<Attempt, Rejection> {
    let name = transition.action.name.as_str();
    let args = look.actor.arguments(&transition.action);
    let waits = name == "send_engage" || (name == "send" && is_on(&args, "wait_completion"));
    if waits && let Some(before) = look.progress.sent_by(place) {
        return match before.success {
            None => {
                look.wait(place, Some(before.interaction), decider)?;
                Ok(Attempt::Begun)
            }
            Some(true) => Ok(Attempt::Done),
            // It is sent again the next time.
            Some(false) => {
                look.give_up(place, decider)?;
                Ok(Attempt::Begun)
            }
        };
    }
    match send(look.actor, name, &args, decider)? {
        Sent::Request(id) if waits => {
            look.wait(place, Some(id), decider)?;
            Ok(Attempt::Begun)
        }
        Sent::Request(_) | Sent::Done(true) => Ok(Attempt::Done),
        Sent::Done(false) => Ok(Attempt::False),
    }
}

/// Sends what an action of an entity sends.
pub(super) fn send(
    actor: Actor<'_>,
    action: &str,
    args: &Map<String, Value>,
    decider: &mut Decider<'_>,
) -> Result<Sent, Rejection> {
    match action {
        "send" => Ok(requests::request(actor, args, decider)),
        "send_engage" => {
            let found: Vec<EntityId> = actor.memory.found.iter().cloned().collect();
            Ok(requests::offer_engagement(actor, &found, decider))
        }
        "send_disengage" => {
            let disconnects = is_on(args, "send_disconnection_too");
            Ok(Sent::Done(requests::disengage(
                actor,
                disconnects,
                decider,
            )?))
        }
        "send_subscribe" => Ok(requests::subscribe(actor, args, decider)),
        _ => {
            let call = Call {
                args: args.clone(),
                interaction: Map::new(),
                request: None,
            };
            let Acted { outcome, change } = local::act(actor, action, &call, decider)?;
            push_change(actor.id, change, decider)?;
            Ok(Sent::Done(outcome == Outcome::True))
        }
    }
}
