//! The actions of states.

use contract::Rejection;

use super::act::replaces;
use super::change::push_change;
use super::local::{self, Call};
use super::look::Look;
use super::own;
use super::sends;
use crate::behaviours::action::Action;
use crate::behaviours::catalogue::Class;
use crate::decider::Decider;

/// Does the action of the machine's state, if it is time for it: when the state was entered, and when
/// something outside of machines happens. Whether something was decided.
pub(super) fn run(look: Look<'_>, decider: &mut Decider<'_>) -> Result<bool, Rejection> {
    let Some(action) = &look.state.action else {
        return Ok(false);
    };
    let is_first = !look.progress.state_action_done;
    let begun = decider.events().len();
    match action.class() {
        Class::Run if is_first => {
            return own::begin_state_action(look, action, decider);
        }
        Class::Sends if is_first => {
            let args = look.actor.arguments(action);
            sends::send(look.actor, &action.name, &args, decider)?;
            if !replaces(look.entity(), decider, begun) {
                mark_done(look, decider)?;
            }
        }
        Class::Local if is_first || look.cause.is_outside => act(look, action, decider)?,
        Class::Run | Class::Sends | Class::Local | Class::Guard => {}
    }
    Ok(decider.events().len() > begun)
}

fn act(look: Look<'_>, action: &Action, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let call = Call {
        args: look.actor.arguments(action),
        interaction: look.actor.interaction(action),
        request: None,
    };
    let begun = decider.events().len();
    let acted = local::act(look.actor, &action.name, &call, decider)?;
    let mut change = acted.change;
    if change != Default::default() || decider.events().len() > begun {
        change.by_state_action = true;
    }
    push_change(look.entity(), change, decider)
}

fn mark_done(look: Look<'_>, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let change = contract::behaviour::MemoryChange {
        by_state_action: true,
        ..Default::default()
    };
    push_change(look.entity(), change, decider)
}
