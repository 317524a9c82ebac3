//! A brain as an action.

use contract::ActionName;
use contract::action::{ActOutput, RespondOutput};
use contract::run::RunResult;

use crate::action::{Action, RunFuture};
use crate::action_ctx::ActionCtx;
use crate::brain::Brain;
use crate::brain_ctx::BrainCtx;
use crate::error::Error;

/// Runs a brain under the name by which agents refer to it.
pub(crate) struct BrainAction<B> {
    pub(crate) name: ActionName,
    pub(crate) brain: B,
}

impl<B: Brain> Action for BrainAction<B> {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.run_brain(ctx))
    }
}

impl<B: Brain> BrainAction<B> {
    async fn run_brain(&self, ctx: ActionCtx) -> Result<RunResult, Error> {
        let ctx = BrainCtx::load(ctx).await?;
        if ctx.mind().is_some() {
            let decision = self.brain.decide(ctx).await?;
            return Ok(ActOutput::from(decision).into());
        }
        let text = self.brain.answer(ctx).await?;
        let output = RespondOutput {
            message: Some(text),
            ..RespondOutput::default()
        };
        Ok(output.into())
    }
}
