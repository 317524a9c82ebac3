//! How runs of an entity's own begin.

use contract::interaction::NewInteraction;
use contract::{EntityId, InteractionId, Rejection};
use serde_json::Value;

use super::run::OwnRun;
use super::{evaluation, input};
use crate::behaviours::action::{Action, ActionKind};
use crate::behaviours::machine::Transition;
use crate::behaviours::runtime::bindings;
use crate::behaviours::runtime::change::raw;
use crate::behaviours::runtime::look::Look;
use crate::behaviours::runtime::resolve::Actor;
use crate::decider::Decider;
use crate::interactions::{self, Acceptance, ByMachine};

/// Begins the run of a transition's action.
pub(in crate::behaviours::runtime) fn begin(
    look: Look<'_>,
    (place, transition): (u32, &Transition),
    decider: &mut Decider<'_>,
) -> Result<bool, Rejection> {
    let Some(run) = prepare(look, &transition.action) else {
        return Ok(false);
    };
    let acceptance = Acceptance {
        transition: Some(place),
        state: Some(look.state_name(transition.to).to_owned()),
        arguments: None,
    };
    let begun = push(look.actor, run, acceptance, ByMachine::default(), decider)?;
    Ok(begun.is_some())
}

/// Begins the run of the action of a state.
pub(in crate::behaviours::runtime) fn begin_state_action(
    look: Look<'_>,
    action: &Action,
    decider: &mut Decider<'_>,
) -> Result<bool, Rejection> {
    let Some(run) = prepare(look, action) else {
        return Ok(false);
    };
    let acceptance = Acceptance {
        transition: None,
        state: Some(look.state.name.clone()),
        arguments: None,
    };
    let by_machine = ByMachine {
        state_action: true,
        ..ByMachine::default()
    };
    let begun = push(look.actor, run, acceptance, by_machine, decider)?;
    Ok(begun.is_some())
}

/// Requests a run of an entity of itself, and accepts it; `None` when it could not.
pub(in crate::behaviours::runtime) fn push(
    actor: Actor<'_>,
    run: OwnRun,
    acceptance: Acceptance,
    by_machine: ByMachine,
    decider: &mut Decider<'_>,
) -> Result<Option<InteractionId>, Rejection> {
    let entity = actor.id;
    let by_machine = ByMachine {
        from: run.bindings.from,
        ..by_machine
    };
    let Ok(action) = run.action.parse() else {
        return Ok(None);
    };
    let arguments = (!run.arguments.is_empty())
        .then(|| raw(&run.arguments))
        .transpose()?;
    let new = NewInteraction {
        action: Some(action),
        targets: vec![entity.to_string()],
        arguments,
        streams: run.bindings.streams,
        samples: run.bindings.samples,
        steps: run.bindings.steps,
        deadline: run
            .timeout
            .map(|timeout| bindings::deadline(decider.now(), timeout)),
        from_state: None,
        to_state: None,
        volatile: false,
        callback: None,
        run: None,
    };
    let mut begun = None;
    let pushed = decider.transaction(|decider| {
        let id = interactions::request_as(actor.world, entity, &new, by_machine, decider)?;
        begun = Some(id);
        accept(id, entity, acceptance, decider)
    });
    // Such as a stream that is not there yet.
    Ok(begun.filter(|_| pushed.is_ok()))
}

fn accept(
    id: InteractionId,
    entity: &EntityId,
    acceptance: Acceptance,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    interactions::accept(id, (entity, entity), acceptance, decider)
}

/// What the run of an action does; `None` when it can not begin.
fn prepare(look: Look<'_>, action: &Action) -> Option<OwnRun> {
    let args = look.actor.arguments(action);
    let interaction = look.actor.interaction(action);
    let timeout = interaction.get("timeout").and_then(Value::as_f64);
    let bindings = bindings::of(look.actor, &interaction);
    match action.kind {
        ActionKind::BuiltIn(built_in) => match built_in.name {
            "evaluate" => evaluation::prepare(look.actor, &args, timeout),
            "process" | "learn" => input::prepare(look.actor, built_in.name, bindings, timeout),
            _ => input::prepare_function(look.actor, built_in, &args, timeout),
        },
        ActionKind::Custom { .. } => Some(OwnRun {
            action: action.name.clone(),
            arguments: args,
            bindings,
            timeout,
        }),
    }
}
