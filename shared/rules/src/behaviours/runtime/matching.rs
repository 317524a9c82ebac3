//! Which transitions accept which requests.

use contract::action;
use contract::interaction::{InteractionRequested, reason};
use serde_json::{Map, Value};

use super::definitions::Compiled;
use super::queue::Refusal;
use crate::behaviours::action::{Action, ActionKind};
use crate::behaviours::machine::{MachineState, Transition};
use crate::behaviours::wildcards::{Wildcards, resolve};

/// The arguments of a request.
pub(super) fn request_arguments(request: &InteractionRequested) -> Map<String, Value> {
    let arguments = request.arguments.as_ref();
    arguments
        .and_then(|arguments| serde_json::from_str(arguments.get()).ok())
        .unwrap_or_default()
}

/// Whether a transition of a state accepts a request.
pub(super) fn accepts(
    compiled: &Compiled,
    (state, transition): (&MachineState, &Transition),
    request: &InteractionRequested,
    wildcards: &Wildcards,
) -> bool {
    is_for(compiled, (state, transition), request)
        && has_fitting_arguments(compiled, &transition.action, request, wildcards)
}

/// Whether a transition is one that a request means, its arguments aside.
fn is_for(
    compiled: &Compiled,
    (state, transition): (&MachineState, &Transition),
    request: &InteractionRequested,
) -> bool {
    let is_action = request
        .action
        .as_ref()
        .is_some_and(|action| action.as_str() == transition.action.name);
    let to = &compiled.machine.state(transition.to).name;
    let is_state = |wanted: &Option<String>, name: &String| {
        wanted.as_ref().is_none_or(|wanted| wanted == name)
    };
    is_action
        && transition.action.is_requestable()
        && is_state(&request.from_state, &state.name)
        && is_state(&request.to_state, to)
}

/// Whether the action knows all arguments of a request, and those that the transition pins have the same
/// value.
fn has_fitting_arguments(
    compiled: &Compiled,
    action: &Action,
    request: &InteractionRequested,
    wildcards: &Wildcards,
) -> bool {
    let arguments = request_arguments(request);
    if arguments.is_empty() {
        return true;
    }
    let pinned = resolve(&action.args, wildcards);
    arguments.iter().all(|(name, value)| {
        let is_known = match action.kind {
            ActionKind::BuiltIn(built_in) => built_in.argument(name).is_some(),
            ActionKind::Custom { .. } => compiled.custom.takes_argument(&action.name, name),
        };
        is_known && pinned.get(name).is_none_or(|pinned| pinned == value)
    })
}

/// Why no transition of any state will ever serve a request; `None` when one may.
pub(super) fn refusal(
    compiled: &Compiled,
    request: &InteractionRequested,
    wildcards: &Wildcards,
) -> Option<Refusal> {
    let refuse = |word: &str, detail: String| {
        let word = word.to_owned();
        Some(Refusal { word, detail })
    };
    let name = request.action.as_ref()?.as_str();
    if name == action::RESPOND {
        let detail = "respond is for messages of chats: post one".to_owned();
        return refuse(reason::UNKNOWN_ACTION, detail);
    }
    if !compiled.machine.serves(name) {
        let detail = format!("no state of the target's behaviour accepts {name}");
        return refuse(reason::UNKNOWN_ACTION, detail);
    }
    let states = compiled.machine.states().iter();
    let transitions = states.flat_map(|state| state.transitions.iter().map(move |to| (state, to)));
    let mut meant = transitions
        .filter(|pair| is_for(compiled, *pair, request))
        .peekable();
    if meant.peek().is_none() {
        let detail = format!("no transition of the target's behaviour does {name} so from and to");
        return refuse(reason::UNKNOWN_ACTION, detail);
    }
    if meant.any(|(_, to)| has_fitting_arguments(compiled, &to.action, request, wildcards)) {
        return None;
    }
    let detail = format!("the target's behaviour accepts {name} with other arguments only");
    refuse(reason::BAD_ARGUMENTS, detail)
}

/// The arguments of an action that serves a request: those of the transition go before those of the
/// request.
pub(super) fn merged_arguments(
    pinned: Map<String, Value>,
    request: &InteractionRequested,
) -> Map<String, Value> {
    let mut merged = request_arguments(request);
    merged.extend(pinned);
    merged
}
