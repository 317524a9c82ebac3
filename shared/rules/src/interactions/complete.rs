//! How the success of a run continues or ends its interaction.

use contract::fact::ActionCompleted;
use contract::interaction::{EndStatus, InteractionStep, reason};
use contract::run::RunResult;
use contract::{Rejection, RunId};

use super::data;
use super::end::Reason;
use super::follow_up::open_target;
use super::learning;
use super::limits::VALUE_BYTES_MAX;
use super::processing::{Processing, processing};
use crate::abilities::output_of;
use crate::decider::Decider;
use crate::runs::{self, OpenRun};
use crate::world::World;

/// A worker has done steps: what it wrote is appended to the stream of the target's processor.
pub(crate) fn on_run_completed(
    world: &World,
    (id, run): (RunId, &OpenRun),
    step: InteractionStep,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(processing) = processing(world, &run.entity, &run.action, step) else {
        return on_action_completed(world, (id, run), step, result, decider);
    };
    let written = u32::try_from(result.samples.len()).unwrap_or(u32::MAX);
    // A worker that can not go on reports the steps that it has done: the next run begins behind them.
    if !(1..=step.count).contains(&written) {
        let reason = format!("{} steps wrote {written} samples: one each", step.count);
        return runs::fail(id, run, "invalid_result", &reason, decider);
    }
    let learns = processing == Processing::Learn;
    if let Some(reason) = learns
        .then(|| learning::check_result(result).err())
        .flatten()
    {
        return runs::fail(id, run, "invalid_result", reason, decider);
    }
    let completed = completed(world, id, step, result);
    let Some(open) = open_target(world, step.id, &run.entity) else {
        return runs::push_completed(run, completed, decider);
    };
    let mut output = data::write(
        world,
        &run.entity,
        data::PROCESSOR,
        &result.samples,
        step.id,
        decider,
    )?;
    if learns {
        open.learn(written, result, decider)?;
    }
    runs::push_completed(run, completed, decider)?;
    let steps_done = step.first + written;
    if steps_done < open.interaction.request.steps {
        return open.progress(steps_done, decider);
    }
    if let Some(first) = open.progress.output.first() {
        output.first = first.first;
    }
    let last = result.samples.last();
    let last = last.filter(|value| value.get().len() <= VALUE_BYTES_MAX);
    output.value = last.and_then(|value| serde_json::from_str(value.get()).ok());
    open.complete(vec![output], decider)
}

/// The run has completed. Who called it as an ability gets the events that it sent, if it has no output.
fn completed(
    world: &World,
    id: RunId,
    step: InteractionStep,
    result: &RunResult,
) -> ActionCompleted {
    let open = world.interactions.get(step.id);
    let output = match open.and_then(|open| open.request.caller.as_ref()) {
        Some(_) => output_of(result),
        None => result.output.clone(),
    };
    ActionCompleted {
        run: id,
        call: None,
        output,
        said: String::new(),
        calls: Vec::new(),
        usage: result.usage.clone(),
    }
}

/// A worker has done a custom action, with or without samples that it wrote. One that was false is tried
/// again: a request waits again, and what the entity requested of itself has failed.
fn on_action_completed(
    world: &World,
    (id, run): (RunId, &OpenRun),
    step: InteractionStep,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    runs::push_completed(run, completed(world, id, step, result), decider)?;
    let Some(open) = open_target(world, step.id, &run.entity) else {
        return Ok(());
    };
    if !is_true(result) {
        if open.interaction.requester != *open.target {
            return open.return_to_queue(decider);
        }
        let detail = format!("{} was false", run.action);
        let reason = Reason {
            word: reason::FALSE,
            detail: &detail,
        };
        return open.end(EndStatus::Failed, Some(reason), decider);
    }
    let mut output = open.progress.output.clone();
    if !result.samples.is_empty() {
        let mut written = data::write(
            world,
            &run.entity,
            data::PROCESSOR,
            &result.samples,
            step.id,
            decider,
        )?;
        let last = result.samples.last();
        let last = last.filter(|value| value.get().len() <= VALUE_BYTES_MAX);
        written.value = last.and_then(|value| serde_json::from_str(value.get()).ok());
        output.retain(|before| before.stream != written.stream);
        output.push(written);
    }
    let steps_done = step.first + step.count;
    if steps_done < open.interaction.request.steps {
        return open.progress(steps_done, decider);
    }
    open.complete(output, decider)
}

/// Whether an action was true: it is, unless its output is `false`, or has a field `result` that is.
fn is_true(result: &RunResult) -> bool {
    let output = result.output.as_ref();
    let output: Option<serde_json::Value> =
        output.and_then(|output| serde_json::from_str(output.get()).ok());
    let Some(output) = output else {
        return true;
    };
    let value = output.get("result").unwrap_or(&output);
    *value != serde_json::Value::Bool(false)
}
