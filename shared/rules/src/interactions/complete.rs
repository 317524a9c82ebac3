//! How the success of a run continues or ends its interaction.

use contract::fact::ActionCompleted;
use contract::interaction::InteractionStep;
use contract::run::RunResult;
use contract::{Rejection, RunId, action};

use super::data;
use super::follow_up::open_target;
use super::learning;
use super::limits::VALUE_BYTES_MAX;
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
    let written = u32::try_from(result.samples.len()).unwrap_or(u32::MAX);
    // A worker that can not go on reports the steps that it has done: the next run begins behind them.
    if !(1..=step.count).contains(&written) {
        let reason = format!("{} steps wrote {written} samples: one each", step.count);
        return runs::fail(id, run, "invalid_result", &reason, decider);
    }
    let learns = run.action.as_str() == action::LEARN;
    if let Some(reason) = learns
        .then(|| learning::check_result(result).err())
        .flatten()
    {
        return runs::fail(id, run, "invalid_result", reason, decider);
    }
    let completed = ActionCompleted {
        run: id,
        call: None,
        output: None,
        said: String::new(),
        calls: Vec::new(),
        usage: result.usage.clone(),
    };
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
