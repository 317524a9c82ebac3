//! Runs that an entity begins by a command, and not by its machine.

use contract::interaction::{InteractionContext, InteractionStep};
use contract::{InteractionId, Rejection};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::begin::push;
use super::run::OwnRun;
use super::{evaluation, input};
use crate::behaviours::catalogue::BuiltIn;
use crate::behaviours::runtime::bindings::{self, Bindings};
use crate::behaviours::runtime::local::Call;
use crate::behaviours::runtime::resolve::Actor;
use crate::decider::Decider;
use crate::interactions::{self, Acceptance, ByMachine};

/// Begins the run of a built-in action, for a request of the entity if there is one. `None` when it can not
/// begin: there is nothing that it could read.
///
/// The entity accepts it at once, whatever its machine does: it may be a custom action of that machine
/// which uses the action, and waits for the end of the run.
pub(in crate::behaviours::runtime) fn begin(
    actor: Actor<'_>,
    built_in: &BuiltIn,
    call: &Call<'_>,
    request: Option<InteractionId>,
    decider: &mut Decider<'_>,
) -> Result<Option<InteractionId>, Rejection> {
    let timeout = call.interaction.get("timeout").and_then(Value::as_f64);
    let prepared = if built_in.needs_input {
        prepare(actor, built_in.name, call, request, timeout)
    } else {
        let run = evaluation::prepare(actor, &call.args, timeout);
        run.map(|run| (run, None))
    };
    let Some((mut run, reads)) = prepared else {
        return Ok(None);
    };
    // What is done for a request has no more time than the request.
    if let Some(open) = request.and_then(|id| actor.world.interactions.get(id)) {
        let left = open.request.deadline.since(decider.now()).as_secs_f64();
        run.timeout = Some(run.timeout.map_or(left, |timeout| timeout.min(left)));
    }
    let progress = actor.world.behaviours.get(actor.id);
    let acceptance = Acceptance {
        transition: None,
        state: progress.map(|progress| progress.state.clone()),
        arguments: None,
    };
    let by_machine = ByMachine {
        reads,
        ..ByMachine::default()
    };
    push(actor, run, acceptance, by_machine, decider)
}

/// What a processor reads: the streams or samples that are named; else those of the request, else those of a
/// subscription.
fn prepare(
    actor: Actor<'_>,
    action: &str,
    call: &Call<'_>,
    request: Option<InteractionId>,
    timeout: Option<f64>,
) -> Option<(OwnRun, Option<InteractionStep>)> {
    let mut interaction = call.interaction.clone();
    interaction.insert("action_name".to_owned(), json!(action));
    let named = bindings::of(actor, &interaction);
    let is_named = named.samples.is_some() || !named.streams.is_empty();
    let requested = request.filter(|_| !is_named);
    let step = requested.and_then(|id| interactions::current_step(actor.world, id, actor.id));
    let context =
        step.and_then(|step| interactions::interaction_context(actor.world, actor.id, step));
    match context {
        Some(context) if has_data(&context) => {
            let step = context.step;
            let run = OwnRun {
                action: action.to_owned(),
                arguments: Map::new(),
                bindings: bindings_of(context),
                timeout,
            };
            Some((run, Some(step)))
        }
        _ => input::prepare(actor, action, named, timeout).map(|run| (run, None)),
    }
}

fn has_data(context: &InteractionContext) -> bool {
    !context.samples.is_empty() || !context.streams.is_empty()
}

/// The samples that came with a request. Its streams are bound at the positions where it reads them.
fn bindings_of(context: InteractionContext) -> Bindings {
    let samples = (!context.samples.is_empty()).then_some(context.samples);
    Bindings {
        samples: samples.and_then(|samples| to_raw_value(&samples).ok()),
        steps: Some(context.step.count),
        ..Bindings::default()
    }
}
