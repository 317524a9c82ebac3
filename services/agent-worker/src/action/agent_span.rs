//! The span of an agent that answers or decides.

use manyworlds_sdk::ActionCtx;
use service_kit::spans;
use tracing::Instrument as _;

/// Runs what an agent does in a span of its own.
pub(super) async fn in_agent_span<F: Future>(
    ctx: ActionCtx,
    act: impl FnOnce(ActionCtx) -> F,
) -> F::Output {
    let run = ctx.request();
    let chat = run.chat.as_ref().map(|chat| chat.as_str());
    let span = spans::invoke_agent(run.entity.as_str(), chat);
    act(ctx).instrument(span).await
}
