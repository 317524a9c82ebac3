//! Brains in Rust, for agents whose brain is `{"function": {"action": NAME}}`.

use futures::future::BoxFuture;

use crate::brain_ctx::BrainCtx;
use crate::decision::Decision;
use crate::error::Error;

/// What answers messages for an agent, and decides what an agent with a mind does.
///
/// An async function from [`BrainCtx`] to the text of the answer is a brain.
pub trait Brain: Send + Sync + 'static {
    /// Answers the last message of a chat.
    fn answer(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<String, Error>>;

    /// Decides what an agent with a mind does next. The default is to sleep.
    fn decide(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<Decision, Error>> {
        drop(ctx);
        Box::pin(async { Ok(Decision::sleep()) })
    }
}

impl<F, R> Brain for F
where
    F: Fn(BrainCtx) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, Error>> + Send + 'static,
{
    fn answer(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(self(ctx))
    }
}
