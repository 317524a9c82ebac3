//! Takes the runs of a world in memory, one after the other.

use std::sync::Arc;

use super::ending::Ending;
use super::executor::Executor;
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
    let find = |name: &contract::ActionName| actions.iter().find(|action| action.name() == name);
    for _ in 0..RUNS_MAX {
        let Some((run, delivery)) = world.take_run(|name| find(name).is_some()) else {
            return true;
        };
        let Some(action) = find(&run.action) else {
            continue;
        };
        let run = Arc::new(run);
        match executor.attempt(&**action, &run, delivery).await {
            Ending::Done(_) => {}
            Ending::Retry(pause, _) => {
                world.requeue((*run).clone(), delivery + 1);
                world.advance(pause);
            }
            Ending::DeadLetter(reason) | Ending::Conflict(reason) => {
                world.store_dead_letter(reason);
            }
        }
    }
    false
}
