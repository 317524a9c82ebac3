//! Copies the log into the database: in order, in batches, each commit once.
//!
//! The checkpoint is advanced in the same transaction as the rows are written, and only from where
//! this writer read it: even if two replicas write, no commit is archived twice or left out. The
//! writer lease only saves work.

mod batch;
mod error;
mod interaction_changes;
mod lease;
mod message_edits;
mod section;
mod section_statements;
mod session_changes;
mod table_changes;
mod writer;

use std::time::Duration;

use service_kit::CancellationToken;

use self::error::Error;
pub(crate) use self::lease::WriterLease;
use crate::archive_state::ArchiveState;

/// How often a replica without the lease reads the checkpoint.
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
            let result = state.refresh_checkpoint().await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = lease.changed() => {}
                () = tokio::time::sleep(CHECKPOINT_INTERVAL) => {}
            }
            result.map(drop).map_err(Error::Database)
        };
        if result.is_ok() || state.checkpoint() != before {
            backoff = BACKOFF_MIN;
        }
        let Err(error) = result else { continue };
        if !error.is_transient() {
            return Err(error.into());
        }
        error.set_down(state);
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(backoff) => backoff = (backoff * 2).min(BACKOFF_MAX),
        }
    }
    Ok(())
}

/// Empties the tables, and archives what the log holds now.
pub(crate) async fn rebuild(
    state: &ArchiveState,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    state.store.migrate().await?;
    let end = state.bus.log().end().await?.newest;
    state.store.clear().await?;
    state.refresh_checkpoint().await?;
    while state.checkpoint() < end && !shutdown.is_cancelled() {
        let stop = async {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = state.checkpoint_reaches(end) => {}
            }
        };
        if let Err(error) = writer::write(state, stop).await {
            if !error.is_transient() {
                return Err(error.into());
            }
            error.set_down(state);
            tokio::time::sleep(BACKOFF_MIN).await;
        }
    }
    anyhow::ensure!(
        state.checkpoint() >= end,
        "stopped before the end of the log"
    );
    Ok(())
}
