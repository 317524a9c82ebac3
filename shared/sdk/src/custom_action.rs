//! A custom action of behaviours as an action.

use std::future::Future;

use contract::ActionName;
use contract::behaviour::CustomAction;
use contract::run::RunResult;

use crate::action::{Action, RunFuture};
use crate::action_ctx::ActionCtx;
use crate::behaviour_ctx::BehaviourCtx;
use crate::error::Error;

/// Runs an async function as a custom action of behaviours.
pub(crate) struct CustomActionFunction<F> {
    pub(crate) declaration: CustomAction,
    pub(crate) function: F,
}

impl<F, R> Action for CustomActionFunction<F>
where
    F: Fn(BehaviourCtx) -> R + Send + Sync + 'static,
    R: Future<Output = Result<bool, Error>> + Send + 'static,
{
    fn name(&self) -> &ActionName {
        &self.declaration.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.run_function(ctx))
    }

    fn declaration(&self) -> Option<CustomAction> {
        Some(self.declaration.clone())
    }
}

impl<F, R> CustomActionFunction<F>
where
    F: Fn(BehaviourCtx) -> R + Send + Sync + 'static,
    R: Future<Output = Result<bool, Error>> + Send + 'static,
{
    async fn run_function(&self, ctx: ActionCtx) -> Result<RunResult, Error> {
        let ctx = BehaviourCtx::load(ctx).await?;
        let is_true = (self.function)(ctx.clone()).await?;
        ctx.into_result(is_true)
    }
}
