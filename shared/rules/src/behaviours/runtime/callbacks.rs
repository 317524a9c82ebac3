//! Callbacks: what an entity does once when a request of its own has ended for all targets.

use contract::interaction::InteractionShown;
use contract::{Fact, InteractionId, Rejection};
use serde_json::{Value, json};

use super::bindings::Bindings;
use super::change::push_change;
use super::local::{self, Call};
use super::look::Look;
use super::own::{self, OwnRun};
use super::state::Callback;
use crate::behaviours::catalogue::{Class, built_in};
use crate::decider::{Decider, EventHeader};
use crate::interactions::{Acceptance, ByMachine};

/// Runs the next callback of the machine's entity, if there is one.
pub(super) fn run_next(look: Look<'_>, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let callbacks = look.world().behaviours.callbacks.get(look.entity());
    let Some((id, callback)) = callbacks.and_then(|callbacks| callbacks.first_key_value()) else {
        return Ok(());
    };
    let name = callback.callback.as_str();
    match built_in(name) {
        Some(action) if action.class != Class::Run => {
            let call = Call {
                args: serde_json::Map::new(),
                interaction: serde_json::Map::new(),
                request: None,
            };
            if name != "show" {
                let acted = local::act(look.actor, name, &call, decider)?;
                push_change(look.entity(), acted.change, decider)?;
            }
            show(look, *id, callback, decider)
        }
        _ => request(look, *id, callback, decider),
    }
}

/// The outcomes are shown; the callback has been run then.
fn show(
    look: Look<'_>,
    id: InteractionId,
    callback: &Callback,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let shown = InteractionShown {
        interaction: id,
        action: callback.action.clone(),
        outcomes: callback.outcomes.clone(),
    };
    let header = EventHeader::sent_by(look.entity());
    decider.push_with(Fact::InteractionShown(shown), header)
}

/// A worker runs a custom callback. It does not end the machine's own action, and no transition waits for
/// it.
fn request(
    look: Look<'_>,
    id: InteractionId,
    callback: &Callback,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let arguments = json!({
        "interaction": id,
        "action": callback.action,
        "outcomes": callback.outcomes,
    });
    let Value::Object(arguments) = arguments else {
        return Ok(());
    };
    let run = OwnRun {
        action: callback.callback.to_string(),
        arguments,
        bindings: Bindings::default(),
        timeout: None,
    };
    let acceptance = Acceptance {
        transition: None,
        state: Some(look.state.name.clone()),
        arguments: None,
    };
    let by_machine = ByMachine {
        callback_of: Some(id),
        ..ByMachine::default()
    };
    let begun = own::push(look.actor, run, acceptance, by_machine, decider)?;
    if begun.is_some() {
        return Ok(());
    }
    // The world has no room for it: it is shown instead.
    show(look, id, callback, decider)
}
