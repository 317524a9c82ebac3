//! Worlds that were deleted and purged from the log before their deletion was archived.

use std::collections::BTreeSet;

use contract::WorldId;

use super::error::Error;
use crate::archive_state::ArchiveState;
use crate::store::{Checkpoint, Statement, TransactionOutcome};

/// Deletes the rows of worlds that the log has no more: an archive that goes on from the checkpoint never
/// receives their deletion.
pub(super) async fn remove(
    state: &ArchiveState,
    checkpoint: &Checkpoint,
) -> Result<TransactionOutcome, Error> {
    let all = state
        .store
        .fetch(Statement::new("SELECT id FROM worlds"))
        .await;
    let stored: Vec<(String,)> = all.map_err(Error::Database)?;
    let stored: BTreeSet<WorldId> = stored.iter().filter_map(|(id,)| id.parse().ok()).collect();
    if stored.is_empty() {
        return Ok(TransactionOutcome::Committed);
    }
    let log = state.bus.log();
    let in_log = log.worlds().await.map_err(Error::Log)?;
    let missing: Vec<WorldId> = stored.difference(&in_log).cloned().collect();
    let mut purged = Vec::new();
    for world in missing {
        // The list is made in several requests: one that it lacks is looked up by itself.
        if log.last_seq(&world).await.map_err(Error::Log)? == 0 {
            purged.push(world);
        }
    }
    if purged.is_empty() {
        return Ok(TransactionOutcome::Committed);
    }
    let removed = state.store.remove_worlds(checkpoint, &purged).await;
    removed.map_err(Error::Database)
}
