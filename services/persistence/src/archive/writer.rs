//! The writer: follows the log from the checkpoint on and stores it batch by batch.

use std::time::Duration;

use contract::Seq;
use futures::StreamExt;
use tokio::time::{Instant, MissedTickBehavior};

use super::batch;
use super::error::Error;
use crate::archive_state::ArchiveState;
use crate::store::TransactionOutcome;

/// How often the end of the log and the checkpoint are compared.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The log holds more commits and has delivered none for this long: the subscription is renewed. A
/// consumer may stall without an error when its server restarts.
const STALLED_AFTER: Duration = Duration::from_secs(5);

/// Archives from the checkpoint on, until `stop`, or until another replica has written.
pub(super) async fn write(
    state: &ArchiveState,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let mut checkpoint = state.refresh_checkpoint().await.map_err(Error::Database)?;
    let entries = state
        .bus
        .log()
        .tail(checkpoint)
        .await
        .map_err(Error::Log)?
        .fuse();
    let mut check = tokio::time::interval(CHECK_INTERVAL);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_entry_at = Instant::now();
    tokio::pin!(stop, entries);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            _ = check.tick() => {
                if state.refresh_checkpoint().await.map_err(Error::Database)? != checkpoint {
                    return Ok(());
                }
                check_log(state, checkpoint, last_entry_at).await?;
            }
            entry = entries.next() => {
                let first = entry.ok_or(Error::Stalled)?.map_err(Error::Log)?;
                last_entry_at = Instant::now();
                let batch = batch::collect(checkpoint, first, &mut entries, state.awaited()).await?;
                let last = batch.last;
                match batch::store(state, checkpoint, batch).await? {
                    TransactionOutcome::Committed => checkpoint = last,
                    TransactionOutcome::Conflict => return Ok(()),
                }
                state.set_checkpoint(checkpoint);
            }
        }
    }
}

async fn check_log(
    state: &ArchiveState,
    checkpoint: Seq,
    last_entry_at: Instant,
) -> Result<(), Error> {
    let end = state.bus.log().end().await.map_err(Error::Log)?;
    let lag = end.newest.saturating_sub(checkpoint);
    state.metrics.lag_commits.record(lag, &[]);
    if end.last < checkpoint {
        let last = end.last;
        return Err(Error::AheadOfLog { checkpoint, last });
    }
    if lag > 0 && last_entry_at.elapsed() > STALLED_AFTER {
        return Err(Error::Stalled);
    }
    state.log.set_up();
    Ok(())
}
