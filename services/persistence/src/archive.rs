//! Copies the log into the database: in order, in batches, each commit once.
//!
//! The checkpoint is advanced in the same transaction as the rows are written, and only from where
//! this writer read it: even if two replicas write, no commit is archived twice or left out. The
//! writer lease only saves work. The checkpoint has the id of its commit: nothing is written to a
//! database, and nothing read from it, that does not belong to the log.

mod batch;
mod error;
mod interaction_changes;
mod lease;
mod message_edits;
mod mismatch;
mod purged_worlds;
mod section;
mod section_statements;
mod session_changes;
mod table_changes;
mod usage_changes;
mod verify;
mod world_rebuild;
mod writer;

use std::time::Duration;

use contract::WorldId;
use service_kit::{CancellationToken, ErrorChain};
use tracing::warn;

use self::error::Error;
pub(crate) use self::lease::WriterLease;
use crate::archive_state::{ArchiveState, STARTING};
use crate::store;

/// How often a replica without the lease compares the database with the log.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);
/// The first pause after a failure; it doubles up to [`BACKOFF_MAX`].
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// Archives until `shutdown`, whenever this replica holds the lease.
///
/// # Errors
/// Errors that a retry can't fix, such as a database of another version.
pub(crate) async fn run(
    state: &ArchiveState,
    mut lease: WriterLease,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut backoff = BACKOFF_MIN;
    let mut migrated = false;
    while !shutdown.is_cancelled() {
        let before = state.checkpoint();
        let result = if !migrated {
            let result = state.store.migrate().await;
            migrated = result.is_ok();
            result.map_err(Error::Database)
        } else if lease.is_held() {
            let stop = async {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = lease.lost() => {}
                }
            };
            writer::write(state, stop).await
        } else {
            let result = verify::verify(state).await;
            if result.is_ok() {
                // To compare is all that this replica does with the log.
                state.log.set_up();
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = lease.changed() => {}
                    () = tokio::time::sleep(CHECKPOINT_INTERVAL) => {}
                }
            }
            result.map(drop)
        };
        if result.is_ok() || state.checkpoint() != before {
            backoff = BACKOFF_MIN;
        }
        let Err(error) = result else { continue };
        let Some(error) = recover(state, error, lease.is_held()).await? else {
            continue;
        };
        // What was restored from a copy may have the tables of an earlier version.
        migrated &= !error.is_of_reads();
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(backoff) => backoff = (backoff * 2).min(BACKOFF_MAX),
        }
    }
    Ok(())
}

/// Notes a failure, and begins a rebuild where that helps and is configured: then there is no failure left.
///
/// # Errors
/// A failure that a retry can't fix.
async fn recover(
    state: &ArchiveState,
    error: Error,
    is_writer: bool,
) -> Result<Option<Error>, Error> {
    error.set_down(state);
    let mut error = error;
    if error.is_mismatch() && state.config.rebuild_on_mismatch && is_writer {
        warn!(error = %ErrorChain(&error), "database does not belong to the log: it is rebuilt");
        match begin_rebuild(state).await {
            Ok(()) => return Ok(None),
            Err(failed) => error = failed,
        }
        error.set_down(state);
    }
    if error.is_malformed()
        && state.config.rebuild_on_mismatch
        && is_writer
        && let Err(failed) = set_aside(state).await
    {
        error = Error::Database(failed);
        error.set_down(state);
    }
    match error.is_transient() {
        true => Ok(Some(error)),
        false => Err(error),
    }
}

/// Moves a malformed file aside. What is in its place then has no rows, and is filled from the log.
async fn set_aside(state: &ArchiveState) -> Result<(), store::Error> {
    warn!("malformed database set aside: it is filled again");
    state.store.set_aside().await?;
    state.set_malformed(false);
    state.archive.set_waiting(STARTING);
    Ok(())
}

/// Empties the tables. They are complete again when they hold what the log holds now.
async fn begin_rebuild(state: &ArchiveState) -> Result<(), Error> {
    let end = state.bus.log().end().await.map_err(Error::Log)?;
    let begun = state.store.begin_rebuild(end.newest).await;
    begun.map_err(Error::Database)
}

/// Has these worlds archived again, or all when there are none.
async fn request_rebuild(state: &ArchiveState, worlds: &[WorldId]) -> Result<(), Error> {
    state.store.migrate().await.map_err(Error::Database)?;
    if worlds.is_empty() {
        begin_rebuild(state).await?;
    }
    for world in worlds {
        let requested = state.store.request_world_rebuild(world).await;
        requested.map_err(Error::Database)?;
    }
    let checkpoint = state.refresh_checkpoint().await;
    checkpoint.map(drop).map_err(Error::Database)
}

/// Archives these worlds again, or all when there are none.
pub(crate) async fn rebuild(
    state: &ArchiveState,
    worlds: &[WorldId],
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    match request_rebuild(state, worlds).await {
        Err(error) if error.is_malformed() && worlds.is_empty() => {
            set_aside(state).await?;
            request_rebuild(state, worlds).await?;
        }
        requested => requested?,
    }
    while !state.checkpoint().is_complete() && !shutdown.is_cancelled() {
        let stop = async {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = state.completed() => {}
            }
        };
        if let Err(error) = writer::write(state, stop).await {
            error.set_down(state);
            if !error.is_transient() || error.is_mismatch() {
                return Err(error.into());
            }
            tokio::time::sleep(BACKOFF_MIN).await;
        }
        state.refresh_checkpoint().await?;
    }
    anyhow::ensure!(
        state.checkpoint().is_complete(),
        "stopped before it was complete: running replicas of persistence go on, and so does the next rebuild"
    );
    Ok(())
}
