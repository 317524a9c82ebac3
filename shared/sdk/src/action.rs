//! Actions: functions that a worker runs when a world requests them.

use contract::ActionName;
use contract::behaviour::CustomAction;
use contract::run::RunResult;
use futures::future::BoxFuture;

use crate::action_ctx::ActionCtx;
use crate::error::Error;

/// A function that a worker runs whenever a world requests an action of its name.
///
/// ```
/// use manyworlds_sdk::contract::ActionName;
/// use manyworlds_sdk::contract::run::RunResult;
/// use manyworlds_sdk::{Action, ActionCtx, RunFuture};
///
/// /// Returns its arguments.
/// struct Echo {
///     name: ActionName,
/// }
///
/// impl Action for Echo {
///     fn name(&self) -> &ActionName {
///         &self.name
///     }
///
///     fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
///         Box::pin(async move {
///             Ok(RunResult {
///                 output: ctx.request().arguments.clone(),
///                 ..RunResult::default()
///             })
///         })
///     }
/// }
/// ```
pub trait Action: Send + Sync + 'static {
    /// The name under which worlds request it.
    fn name(&self) -> &ActionName;

    /// Makes one attempt at a run. The future is dropped at its next `await` when the run is
    /// cancelled, or requeued for another worker; a panic is a failed attempt.
    ///
    /// A run may be attempted more than once, and takes effect in its world once. A side effect
    /// elsewhere should use the id of [`ActionCtx::request`] as its idempotency key.
    fn run(&self, ctx: ActionCtx) -> RunFuture<'_>;

    /// How it is registered as a custom action of behaviours; `None` when it is none, which is the default.
    fn declaration(&self) -> Option<CustomAction> {
        None
    }

    /// Whether its code never blocks a thread: it does not sleep without `await`, nor compute for long. The runs
    /// of such an action share the threads of the process. Each run of another, which is the default, has a
    /// thread of its own: code that blocks there delays nothing else.
    fn never_blocks(&self) -> bool {
        false
    }
}

/// One attempt at a run.
pub type RunFuture<'a> = BoxFuture<'a, Result<RunResult, Error>>;
