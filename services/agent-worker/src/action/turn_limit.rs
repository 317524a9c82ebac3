//! The time limit of a turn.

use std::time::Duration;

use manyworlds_sdk::{ActionCtx, Error};
use tokio::time::{Instant, timeout_at};

/// When a turn ends that starts now: after its own limit, or at the deadline of the run.
pub(super) fn turn_deadline(limit: Duration, ctx: &ActionCtx) -> Instant {
    let own = Instant::now().checked_add(limit);
    own.map_or(ctx.deadline(), |own| own.min(ctx.deadline()))
}

/// Runs a turn until its deadline. `limit` is for the reason of the failure.
pub(super) async fn limit_turn<T>(
    deadline: Instant,
    limit: Duration,
    turn: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout_at(deadline, turn).await.unwrap_or_else(|_| {
        let reason = format!("the turn took more than {} s", limit.as_secs_f64());
        Err(Error::failed("timeout", reason))
    })
}
