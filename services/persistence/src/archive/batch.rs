//! Batches: as many commits as are there, in one transaction.

use std::time::Duration;

use bus::DeadLetter;
use bus::Entry;
use contract::{Seq, subject};
use futures::{Stream, StreamExt};
use service_kit::ErrorChain;
use tokio::time::Instant;
use tracing::error;

use super::Error;
use super::changes::{Archived, Changes};
use super::moves::moved;
use crate::shared::Shared;
use crate::store::{self, Applied};

/// The most commits of a batch.
const COMMITS_MAX: usize = 4096;
/// The most bytes of a batch, roughly.
const BYTES_MAX: usize = 8 << 20;
/// Branches and removals that one transaction takes.
const MOVES_MAX: usize = 8;
/// A batch takes no longer than this to gather.
const GATHER_MAX: Duration = Duration::from_millis(20);
/// A batch is complete when the next commit takes longer than this: a lone commit does not wait.
const GAP_MAX: Duration = Duration::from_millis(2);

/// Commits in the order of the log.
pub(super) struct Batch {
    entries: Vec<Entry>,
    /// The last of them.
    pub(super) last: Seq,
}

/// The commits behind `checkpoint` that are there, beginning with `first`.
pub(super) async fn take(
    checkpoint: Seq,
    first: Entry,
    entries: &mut (impl Stream<Item = Result<Entry, bus::Error>> + Unpin),
) -> Result<Batch, Error> {
    let until = Instant::now() + GATHER_MAX;
    let mut bytes = first.size_bytes();
    let mut last = in_order(checkpoint, &first)?;
    let mut taken = vec![first];
    while taken.len() < COMMITS_MAX && bytes < BYTES_MAX {
        let patience = until.min(Instant::now() + GAP_MAX);
        let Ok(next) = tokio::time::timeout_at(patience, entries.next()).await else {
            break;
        };
        // What came so far is right; an error comes again when the log is followed anew.
        let Some(Ok(entry)) = next else { break };
        last = in_order(last, &entry)?;
        bytes += entry.size_bytes();
        taken.push(entry);
    }
    Ok(Batch {
        entries: taken,
        last,
    })
}

fn in_order(last: Seq, entry: &Entry) -> Result<Seq, Error> {
    let found = entry.seq;
    if found <= last {
        return Err(Error::OutOfOrder { last, found });
    }
    Ok(found)
}

/// Archives a batch that follows `from`. It may be stored a second time: then it is a conflict.
pub(super) async fn store(shared: &Shared, from: Seq, batch: Batch) -> Result<Applied, Error> {
    let started = Instant::now();
    let last = batch.last;
    let commits = read(shared, batch.entries).await?;
    let (applied, events) = store_parts(shared, from, last, commits).await;
    let outcome = match applied {
        Ok(Applied::Yes) => "stored",
        Ok(Applied::Conflict) => "conflict",
        Err(_) => "failed",
    };
    let metrics = &shared.metrics;
    metrics.batch(outcome);
    metrics
        .batch_seconds
        .record(started.elapsed().as_secs_f64(), &[]);
    if outcome == "stored" {
        metrics.events_archived.add(events as u64, &[]);
    }
    applied.map_err(Error::Database)
}

/// Stores commits that are read, in one transaction unless they move many messages: each of those may
/// be a whole chat. How many events were stored.
async fn store_parts(
    shared: &Shared,
    mut from: Seq,
    last: Seq,
    mut commits: Vec<Archived>,
) -> (Result<Applied, store::Error>, usize) {
    let mut events = 0;
    loop {
        let rest = commits.split_off(part(&commits));
        let until = match rest.is_empty() {
            true => last,
            false => commits.last().map_or(last, |archived| archived.seq),
        };
        let changes = Changes::of(commits);
        let count = changes.events_count();
        let statements = changes.into_statements();
        match shared.store.advance(from, until, statements).await {
            Ok(Applied::Yes) => events += count,
            other => return (other, events),
        }
        if rest.is_empty() {
            return (Ok(Applied::Yes), events);
        }
        (from, commits) = (until, rest);
    }
}

/// How many of the commits go in one transaction.
fn part(commits: &[Archived]) -> usize {
    let mut moves = 0;
    let is_enough = |archived: &Archived| {
        moves += moved(&archived.commit);
        moves >= MOVES_MAX
    };
    commits
        .iter()
        .position(is_enough)
        .map_or(commits.len(), |last| last + 1)
}

/// Reads the commits. One that makes no sense is kept as a dead letter, and left out: it must not
/// hold up those behind it.
async fn read(shared: &Shared, entries: Vec<Entry>) -> Result<Vec<Archived>, Error> {
    let mut commits = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry.commit() {
            Ok(commit) => commits.push(Archived {
                world: entry.world,
                seq: entry.seq,
                commit,
            }),
            Err(cause) => {
                let reason = ErrorChain(&cause).to_string();
                let world = &entry.world;
                error!(world.id = %world, seq = entry.seq, error = %reason, "commit not understood");
                let (place, payload) = (subject::log(world), entry.payload());
                let letter = DeadLetter::new(&place, entry.seq, &reason, payload);
                shared
                    .bus
                    .dead_letters()
                    .store("commit", Some(world), &letter)
                    .await
                    .map_err(Error::Log)?;
            }
        }
    }
    Ok(commits)
}
