//! The writer: follows the log from the checkpoint on and stores it batch by batch.

use std::time::Duration;

use futures::StreamExt;
use tokio::time::{Instant, MissedTickBehavior};

use super::error::Error;
use super::verify::{identify, is_new, verify_with_end};
use super::{batch, purged_worlds, world_rebuild};
use crate::archive_state::ArchiveState;
use crate::store::{Checkpoint, TransactionOutcome};

/// How often the database and the log are compared.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The log holds more commits and has delivered none for this long: the subscription is renewed. A
/// consumer may stall without an error when its server restarts.
const STALLED_AFTER: Duration = Duration::from_secs(5);

/// Archives from the checkpoint on, until `stop`, or until somebody else has written.
pub(super) async fn write(
    state: &ArchiveState,
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    tokio::pin!(stop);
    let prepared = tokio::select! {
        biased;
        () = &mut stop => return Ok(()),
        prepared = prepare(state) => prepared?,
    };
    let Some((mut checkpoint, log_created)) = prepared else {
        return Ok(());
    };
    let from = checkpoint.position.seq;
    let entries = state.bus.log().tail(from).await.map_err(Error::Log)?.fuse();
    let mut check = tokio::time::interval(CHECK_INTERVAL);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_entry_at = Instant::now();
    tokio::pin!(entries);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            _ = check.tick() => {
                let (found, end) = verify_with_end(state).await?;
                if found != checkpoint {
                    return Ok(());
                }
                check_progress(state, &checkpoint, &end, last_entry_at).await?;
            }
            entry = entries.next() => {
                let first = entry.ok_or(Error::Stalled)?.map_err(Error::Log)?;
                last_entry_at = Instant::now();
                let from = checkpoint.position.seq;
                let batch = batch::collect(from, first, &mut entries, state.awaited()).await?;
                let Some(stored) = batch::store(state, &checkpoint, log_created, batch).await? else {
                    return Ok(());
                };
                checkpoint = stored;
                state.storage.set_up();
                state.accept(&checkpoint);
            }
        }
    }
}

/// The checkpoint from which to archive, and when the log was created; none when something else had to be
/// done first.
async fn prepare(state: &ArchiveState) -> Result<Option<(Checkpoint, i64)>, Error> {
    let (checkpoint, end) = verify_with_end(state).await?;
    if is_new(&checkpoint, &end) {
        // It is not complete before it holds what the log holds now.
        let begun = state.store.begin_rebuild(end.newest).await;
        begun.map_err(Error::Database)?;
        return Ok(None);
    }
    if !checkpoint.world_rebuilds.is_empty() {
        world_rebuild::complete_all(state, &checkpoint).await?;
        return Ok(None);
    }
    let Some(checkpoint) = identify(state, checkpoint, &end).await? else {
        return Ok(None);
    };
    match purged_worlds::remove(state, &checkpoint).await? {
        TransactionOutcome::Committed => Ok(Some((checkpoint, end.created_ns))),
        TransactionOutcome::Conflict => Ok(None),
    }
}

async fn check_progress(
    state: &ArchiveState,
    checkpoint: &Checkpoint,
    end: &bus::LogEnd,
    last_entry_at: Instant,
) -> Result<(), Error> {
    let lag = end.newest.saturating_sub(checkpoint.position.seq);
    state.metrics.lag_commits.record(lag, &[]);
    if lag > 0 && last_entry_at.elapsed() > STALLED_AFTER {
        return Err(Error::Stalled);
    }
    if lag == 0 {
        // A write may have failed for the client only: then there is nothing left to write.
        state.storage.set_up();
        if checkpoint.is_rebuilding() {
            // The commits at its end were purged. Another replica may have done the same.
            let ended = state.store.end_rebuild(checkpoint).await;
            ended.map_err(Error::Database)?;
        }
        state.store.release_space().await.map_err(Error::Database)?;
    }
    state.log.set_up();
    Ok(())
}
