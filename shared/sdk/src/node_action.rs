//! A node as an action.

use contract::ActionName;
use contract::run::RunResult;

use crate::action::{Action, RunFuture};
use crate::action_ctx::ActionCtx;
use crate::error::Error;
use crate::node::Node;
use crate::node_ctx::NodeCtx;

/// Runs the code of a node under the name by which flows refer to it.
pub(crate) struct NodeAction<N> {
    pub(crate) name: ActionName,
    pub(crate) node: N,
}

impl<N: Node> Action for NodeAction<N> {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.handle(ctx))
    }
}

impl<N: Node> NodeAction<N> {
    async fn handle(&self, action: ActionCtx) -> Result<RunResult, Error> {
        let ctx = NodeCtx::load(action).await?;
        if ctx.answers() {
            let messages = ctx.messages().to_vec();
            self.node.generate_response(messages, ctx.clone()).await?;
        } else {
            self.node.process_event(ctx.event(), ctx.clone()).await?;
        }
        Ok(ctx.into_result().await)
    }
}
