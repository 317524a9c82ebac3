//! Takes the runs of a world in memory, one after the other; those that an attempt waits for go before it.

use std::pin::pin;
use std::sync::Arc;

use super::ending::Ending;
use super::executor::{Executor, Job};
use crate::action::Action;
use crate::connection::MemoryWorld;

/// More runs than a test needs: if runs lead to one another without end, the test is to fail and not to
/// hang.
const RUNS_MAX: usize = 10_000;

/// Executes the waiting runs of these actions, and those that follow from them. Returns whether none
/// is left; if not, there were too many.
///
/// A run that is to be retried is put behind the others, and the clock of the world advances by the
/// pause before its next attempt.
pub(crate) async fn execute_waiting(
    actions: &[Arc<dyn Action>],
    executor: &Executor,
    world: &MemoryWorld,
) -> bool {
    let mut left = RUNS_MAX;
    while left > 0 {
        if !execute_next(actions, executor, world, &mut left).await {
            return true;
        }
    }
    false
}

/// Executes the first waiting run of these actions. Returns whether there was one.
async fn execute_next(
    actions: &[Arc<dyn Action>],
    executor: &Executor,
    world: &MemoryWorld,
    left: &mut usize,
) -> bool {
    let find = |name: &contract::ActionName| actions.iter().find(|action| action.name() == name);
    if *left == 0 {
        return false;
    }
    let Some((run, delivery)) = world.take_run(|name| find(name).is_some()) else {
        return false;
    };
    *left -= 1;
    let Some(action) = find(&run.action) else {
        return true;
    };
    let job = Job::new(action, run, None);
    let mut attempt = pin!(executor.attempt(&job, delivery));
    let ending = loop {
        tokio::select! {
            biased;
            ending = &mut attempt => break ending,
            () = world.wait_begun() => {
                let next = Box::pin(execute_next(actions, executor, world, left));
                let executed = next.await;
                world.end_waits(executed);
            }
        }
    };
    match ending {
        Ending::Done(_) => {}
        Ending::Retry(pause, _) => {
            world.requeue((*job.run).clone(), delivery + 1);
            world.advance(pause);
        }
        Ending::DeadLetter(reason) | Ending::Conflict(reason) => {
            world.store_dead_letter(reason);
        }
    }
    true
}
