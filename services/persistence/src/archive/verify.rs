//! Compares the database with the log: whether it is a beginning of this log, and of no other.

use contract::{Seq, WorldId};

use super::error::Error;
use super::mismatch::Mismatch;
use crate::archive_state::ArchiveState;
use crate::store::{self, Checkpoint, LogPosition, Statement, TransactionOutcome};

/// Reads the checkpoint and compares it with the log. Only then does this replica reply to queries.
pub(super) async fn verify(state: &ArchiveState) -> Result<Checkpoint, Error> {
    let (checkpoint, _) = verify_with_end(state).await?;
    Ok(checkpoint)
}

/// As [`verify`], with the end of the log.
pub(super) async fn verify_with_end(
    state: &ArchiveState,
) -> Result<(Checkpoint, bus::LogEnd), Error> {
    if state.store.reopen_if_replaced().await {
        state.set_malformed(false);
        return Err(Error::Database(store::Error::Replaced));
    }
    if state.is_malformed() {
        return Err(Error::Database(store::Error::Malformed));
    }
    let checkpoint = state.refresh_checkpoint().await.map_err(Error::Database)?;
    let end = state.bus.log().end().await.map_err(Error::Log)?;
    compare(state, &checkpoint.position, &end).await?;
    if is_new(&checkpoint, &end) {
        state
            .archive
            .set_waiting("starting: the database is empty, and the log is not");
    } else {
        state.accept(&checkpoint);
    }
    Ok((checkpoint, end))
}

/// Whether the whole log has still to be archived.
pub(super) fn is_new(checkpoint: &Checkpoint, end: &bus::LogEnd) -> bool {
    checkpoint.position.seq == 0 && checkpoint.rebuild_until == 0 && end.newest > 0
}

async fn compare(state: &ArchiveState, at: &LogPosition, end: &bus::LogEnd) -> Result<(), Error> {
    if at
        .log_created
        .is_some_and(|created| created != end.created_ns)
    {
        return Err(Mismatch::OtherLog.into());
    }
    if at.seq > end.last {
        let (checkpoint, last) = (at.seq, end.last);
        return Err(Mismatch::AheadOfLog { checkpoint, last }.into());
    }
    if at.seq == 0 {
        return Ok(());
    }
    // It is not there any more when its world was deleted and purged.
    let Some(entry) = state
        .bus
        .log()
        .commit_at(at.seq)
        .await
        .map_err(Error::Log)?
    else {
        return Ok(());
    };
    let Ok(commit) = entry.commit() else {
        return Ok(());
    };
    let is_same = match &at.commit {
        Some(id) => *id == commit.id.to_string(),
        None => {
            let first = commit.events.first().map(|event| event.id.to_string());
            is_in_tables(state, &entry.world, at.seq, first).await?
        }
    };
    match is_same {
        true => Ok(()),
        false => Err(Mismatch::OtherCommit { seq: at.seq }.into()),
    }
}

/// Whether the tables may hold this commit. A database of an earlier version has no id of a commit, but those
/// of events. The rows of a deleted world are gone.
async fn is_in_tables(
    state: &ArchiveState,
    world: &WorldId,
    seq: Seq,
    first_event: Option<String>,
) -> Result<bool, Error> {
    let statement = Statement::new("SELECT id FROM events WHERE world = ? AND seq = ? AND idx = 0")
        .bind(world.as_str())
        .bind(seq);
    let stored: Vec<(String,)> = state
        .store
        .fetch(statement)
        .await
        .map_err(Error::Database)?;
    if let Some((stored,)) = stored.into_iter().next() {
        return Ok(first_event.is_some_and(|id| id == stored));
    }
    let statement = Statement::new("SELECT id FROM worlds WHERE seq = ? AND id <> ?")
        .bind(seq)
        .bind(world.as_str());
    let others: Vec<(String,)> = state
        .store
        .fetch(statement)
        .await
        .map_err(Error::Database)?;
    Ok(others.is_empty())
}

/// Notes the identity of the commit at which a database without one is, and returns the checkpoint with it.
/// None: somebody else has written.
pub(super) async fn identify(
    state: &ArchiveState,
    checkpoint: Checkpoint,
    end: &bus::LogEnd,
) -> Result<Option<Checkpoint>, Error> {
    if checkpoint.position.log_created.is_some() || checkpoint.position.seq == 0 {
        return Ok(Some(checkpoint));
    }
    let seq = checkpoint.position.seq;
    let entry = state.bus.log().commit_at(seq).await.map_err(Error::Log)?;
    let commit = entry.and_then(|entry| entry.commit().ok());
    let position = LogPosition {
        seq,
        commit: commit.map(|commit| commit.id.to_string()),
        log_created: Some(end.created_ns),
    };
    let outcome = state
        .store
        .identify_checkpoint(&checkpoint, &position)
        .await;
    Ok(match outcome.map_err(Error::Database)? {
        TransactionOutcome::Committed => Some(Checkpoint {
            position,
            ..checkpoint
        }),
        TransactionOutcome::Conflict => None,
    })
}
