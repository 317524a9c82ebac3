use contract::ActionName;
use contract::run::RunResult;
use manyworlds_sdk::{Action, ActionCtx, RunFuture};

/// The name of [`Echo`].
pub(crate) const ECHO: &str = "echo";

/// Returns its arguments: for measurements and for tests of a world.
pub(crate) struct Echo {
    pub(crate) name: ActionName,
}

impl Action for Echo {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(async move {
            Ok(RunResult {
                output: ctx.request().arguments.clone(),
                ..Default::default()
            })
        })
    }

    fn never_blocks(&self) -> bool {
        true
    }
}
