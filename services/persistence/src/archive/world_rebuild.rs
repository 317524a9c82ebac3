//! Rebuilds single worlds: deletes their rows and fills them from the log, up to the checkpoint, which does
//! not move meanwhile.
//!
//! Each step is one transaction that also notes how far it is: after a crash, whichever replica writes next
//! goes on from there.

use std::time::Duration;

use contract::{Seq, WorldId};

use super::batch::{self, PreparedCommits};
use super::error::Error;
use crate::archive_state::ArchiveState;
use crate::store::{Checkpoint, TransactionOutcome, WorldRebuild};

/// How long a server that has not stored the end of a log yet is given.
const BEHIND_PAUSE: Duration = Duration::from_millis(100);

/// Completes the rebuilds of worlds that were requested. Another replica may do the same: each step is done
/// once.
pub(super) async fn complete_all(
    state: &ArchiveState,
    checkpoint: &Checkpoint,
) -> Result<(), Error> {
    for rebuild in &checkpoint.world_rebuilds {
        if complete(state, rebuild).await? == TransactionOutcome::Conflict {
            return Ok(());
        }
    }
    Ok(())
}

async fn complete(
    state: &ArchiveState,
    rebuild: &WorldRebuild,
) -> Result<TransactionOutcome, Error> {
    let world = &rebuild.world;
    let mut archived = match rebuild.seq {
        Some(seq) => seq,
        None => {
            let begun = state.store.begin_world_rebuild(world).await;
            if begun.map_err(Error::Database)? == TransactionOutcome::Conflict {
                return Ok(TransactionOutcome::Conflict);
            }
            0
        }
    };
    let until = state.store.checkpoint().await.map_err(Error::Database)?;
    let until = until.position.seq;
    loop {
        let log = state.bus.log();
        let mut entries = log.read(world, archived).await.map_err(Error::Log)?;
        let count = entries.len();
        entries.retain(|entry| entry.seq <= until);
        let mut is_complete = entries.len() < count;
        if let Some(last) = entries.last().map(|entry| entry.seq) {
            if store_entries(state, world, archived, last, entries).await?
                == TransactionOutcome::Conflict
            {
                return Ok(TransactionOutcome::Conflict);
            }
            archived = last;
        } else if !is_complete {
            is_complete = log.last_seq(world).await.map_err(Error::Log)? <= archived;
            if !is_complete {
                tokio::time::sleep(BEHIND_PAUSE).await;
            }
        }
        if is_complete {
            let ended = state.store.end_world_rebuild(world, archived).await;
            return ended.map_err(Error::Database);
        }
    }
}

async fn store_entries(
    state: &ArchiveState,
    world: &WorldId,
    from: Seq,
    last: Seq,
    entries: Vec<bus::Entry>,
) -> Result<TransactionOutcome, Error> {
    let commits = batch::decode_commits(state, entries).await?;
    let mut from = from;
    for PreparedCommits { to, statements, .. } in batch::transactions(commits, last) {
        let advanced = state
            .store
            .advance_world_rebuild(world, from, to.seq, statements);
        if advanced.await.map_err(Error::Database)? == TransactionOutcome::Conflict {
            return Ok(TransactionOutcome::Conflict);
        }
        from = to.seq;
    }
    Ok(TransactionOutcome::Committed)
}
