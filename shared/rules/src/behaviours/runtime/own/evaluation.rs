//! The runs of `evaluate`, and what the results of runs change of what an entity knows.

use std::collections::{BTreeMap, BTreeSet};

use contract::behaviour::{LinkState, MemoryChange};
use contract::interaction::{InteractionOutput, InteractionStep};
use contract::run::RunResult;
use contract::{EntityId, Rejection, action};
use serde_json::{Map, Value, json};

use super::run::OwnRun;
use crate::behaviours::runtime::bindings::{Bindings, deadline};
use crate::behaviours::runtime::change::push_change;
use crate::behaviours::runtime::progress::{Busy, Wait};
use crate::behaviours::runtime::resolve::Actor;
use crate::decider::Decider;
use crate::runs::OpenRun;
use crate::world::World;

/// The field of a run's output that says after how many seconds the action of a state is to be done again.
const AGAIN: &str = "again_seconds";
/// How many samples are compared when the behaviour does not say it.
const STEPS_DEFAULT: u64 = 100;

/// A run that compares what others wrote with a stream. Those who wrote nothing are left out.
pub(super) fn prepare(
    actor: Actor<'_>,
    args: &Map<String, Value>,
    timeout: Option<f64>,
) -> Option<OwnRun> {
    Some(OwnRun {
        action: action::EVALUATE.to_owned(),
        arguments: arguments(actor, args)?,
        bindings: Bindings::default(),
        timeout,
    })
}

/// What a worker is given to compare; `None` when it can not be compared yet.
pub(in crate::behaviours::runtime) fn arguments(
    actor: Actor<'_>,
    args: &Map<String, Value>,
) -> Option<Map<String, Value>> {
    let reference = actor.stream(args.get("stream_hash")?.as_str()?)?;
    let length = actor.world.streams.get(&reference)?.length();
    let steps = args
        .get("steps")
        .and_then(Value::as_u64)
        .unwrap_or(STEPS_DEFAULT);
    let agents = actor.agents(args.get("agents_to_evaluate"));
    let outputs = agents.iter().filter_map(|agent| {
        let output: &InteractionOutput = actor.memory.outputs.get(agent)?;
        let (stream, first, last) = (&output.stream, output.first, output.last);
        Some(json!({"agent": agent, "stream": stream, "first": first, "last": last}))
    });
    let outputs: Vec<Value> = outputs.collect();
    if outputs.is_empty() || steps > length {
        return None;
    }
    let arguments = json!({
        "how": args.get("how"),
        "steps": steps,
        "re_offset": args.get("re_offset").cloned().unwrap_or(Value::Bool(false)),
        "reference": {"stream": reference, "first": length - steps},
        "outputs": outputs,
    });
    match arguments {
        Value::Object(arguments) => Some(arguments),
        _ => None,
    }
}

/// What the output of a run means for what its entity knows: the errors that `evaluate` has found, and
/// the agents to which a filter lets it connect.
pub(crate) fn on_run_completed(
    world: &World,
    run: &OpenRun,
    step: InteractionStep,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let output = result.output.as_ref();
    let output: Option<Value> = output.and_then(|output| serde_json::from_str(output.get()).ok());
    let Some(output) = output else {
        return Ok(());
    };
    let mut change = MemoryChange::default();
    if let Some(errors) = output.get("evaluation")
        && run.action.as_str() == action::EVALUATE
    {
        let errors: Option<BTreeMap<EntityId, f64>> = serde_json::from_value(errors.clone()).ok();
        change.evaluation = errors;
    }
    let is_state_action = world
        .interactions
        .get(step.id)
        .is_some_and(|open| open.request.state_action);
    let again = output.get(AGAIN).and_then(Value::as_f64);
    if let Some(again) = again.filter(|again| *again > 0.0 && is_state_action) {
        change.again_at = Some(deadline(decider.now(), again));
    }
    if filters_peers(world, &run.entity, step) {
        let kept = output.get("result").unwrap_or(&output);
        let kept: BTreeSet<EntityId> = serde_json::from_value(kept.clone()).unwrap_or_default();
        let actor = Actor::new(world, &run.entity);
        let kept: BTreeSet<EntityId> = kept
            .into_iter()
            .filter(|peer| world.entities.contains(peer) && *peer != run.entity)
            .collect();
        for peer in &kept {
            if !actor.memory.links.contains_key(peer) {
                change
                    .links
                    .insert(peer.clone(), Some(LinkState::Connecting));
            }
        }
        change.found = Some(kept);
    }
    push_change(&run.entity, change, decider)
}

/// Whether a run is the filter of `connect_by_role`.
fn filters_peers(world: &World, entity: &EntityId, step: InteractionStep) -> bool {
    let Some((compiled, progress)) = world
        .behaviours
        .compiled(entity)
        .zip(world.behaviours.get(entity))
    else {
        return false;
    };
    let Some(Busy {
        transition: Some(place),
        wait: Wait::Served { interaction, .. },
        ..
    }) = &progress.busy
    else {
        return false;
    };
    let state = compiled.machine.find(&progress.state);
    let transition = state.and_then(|state| {
        let place = usize::try_from(*place).ok()?;
        compiled.machine.state(state).transitions.get(place)
    });
    *interaction == step.id
        && transition.is_some_and(|transition| transition.action.name == "connect_by_role")
}
