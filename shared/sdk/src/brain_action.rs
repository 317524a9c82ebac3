//! A brain as an action.

use contract::ActionName;
use contract::action::{ActOutput, RespondOutput};
use contract::flow::{NewFlowEvent, NodeOutput};
use contract::run::RunResult;
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::action::{Action, RunFuture};
use crate::action_ctx::ActionCtx;
use crate::brain::Brain;
use crate::brain_ctx::BrainCtx;
use crate::error::Error;

/// The type of an event that a client shows as it is.
const SPEAK: &str = "agent.speak";

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
        let is_event = ctx.session_event().is_some();
        let text = self.brain.answer(ctx).await?;
        if is_event {
            return speak(&text);
        }
        let output = RespondOutput {
            message: Some(text),
            ..RespondOutput::default()
        };
        Ok(output.into())
    }
}

/// What a brain that is a node writes about an event that is no request.
fn speak(text: &str) -> Result<RunResult, Error> {
    let mut output = NodeOutput::default();
    if !text.trim().is_empty() {
        let data = to_raw_value(&json!({"text": text}))
            .map_err(|error| Error::failed("bad_event", error.to_string()))?;
        output.events.push(NewFlowEvent::new(SPEAK, data));
    }
    Ok(RunResult {
        node: Some(output),
        ..RunResult::default()
    })
}
