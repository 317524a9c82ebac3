//! Batches: as many commits as the log has ready, stored in few transactions.

use std::time::Duration;

use bus::{DeadLetter, Entry};
use contract::{Seq, subject};
use futures::{Stream, StreamExt};
use service_kit::ErrorChain;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::error;

use super::error::Error;
use super::message_edits;
use super::table_changes::{DecodedCommit, TableChanges};
use crate::archive_state::ArchiveState;
use crate::store::{self, Checkpoint, LogPosition, Statement, TransactionOutcome};

/// The most commits of a batch.
const COMMITS_MAX: usize = 4096;
/// The most bytes of a batch, roughly.
const SIZE_BYTES_MAX: usize = 8 << 20;
/// The most message edits of a transaction.
const MESSAGE_EDITS_MAX: usize = 8;
/// A batch is collected for at most this long, and only until a query of this process waits for one of its commits:
/// each transaction writes the same pages again, and waits for the disk.
const COLLECT_MAX: Duration = Duration::from_millis(100);
/// A batch is complete when the next commit takes longer than this: a lone commit does not wait for long. Commits of
/// busy worlds are larger, and 2 to 4 ms apart: they must not end a batch.
const GAP_MAX: Duration = Duration::from_millis(10);

/// Commits in the order of the log.
pub(super) struct Batch {
    entries: Vec<Entry>,
    /// The last of them.
    pub(super) last: Seq,
}

/// The commits after `checkpoint` that are ready, beginning with `first`. `awaited` is the commit for which a
/// query began to wait last.
pub(super) async fn collect(
    checkpoint: Seq,
    first: Entry,
    entries: &mut (impl Stream<Item = Result<Entry, bus::Error>> + Unpin),
    mut awaited: watch::Receiver<Seq>,
) -> Result<Batch, Error> {
    let deadline = Instant::now() + COLLECT_MAX;
    let mut size_bytes = first.size_bytes();
    let mut last = check_order(checkpoint, &first)?;
    let mut collected = vec![first];
    while collected.len() < COMMITS_MAX && size_bytes < SIZE_BYTES_MAX {
        let collected_commits = (checkpoint, last);
        let next = next_of_batch(entries, collected_commits, deadline, &mut awaited).await;
        // What is collected so far is valid; the error returns when the log is read again.
        let Some(Ok(entry)) = next else { break };
        last = check_order(last, &entry)?;
        size_bytes += entry.size_bytes();
        collected.push(entry);
    }
    Ok(Batch {
        entries: collected,
        last,
    })
}

/// The next entry of a batch that has the commits after the first number, up to the second; none when the batch is
/// complete, or the entries have ended.
async fn next_of_batch<T>(
    entries: &mut (impl Stream<Item = T> + Unpin),
    (checkpoint, last): (Seq, Seq),
    deadline: Instant,
    awaited: &mut watch::Receiver<Seq>,
) -> Option<T> {
    let next_by = deadline.min(Instant::now() + GAP_MAX);
    let is_awaited = |awaited: &Seq| *awaited > checkpoint && *awaited <= last;
    tokio::select! {
        biased;
        // An error is impossible: the sender is in the state of the archive.
        _ = awaited.wait_for(is_awaited) => None,
        next = tokio::time::timeout_at(next_by, entries.next()) => next.ok().flatten(),
    }
}

fn check_order(last: Seq, entry: &Entry) -> Result<Seq, Error> {
    let found = entry.seq;
    if found <= last {
        return Err(Error::OutOfOrder { last, found });
    }
    Ok(found)
}

/// Stores a batch that follows the checkpoint `from`, and returns the checkpoint behind it. None: somebody
/// else has written.
pub(super) async fn store(
    state: &ArchiveState,
    from: &Checkpoint,
    log_created: i64,
    batch: Batch,
) -> Result<Option<Checkpoint>, Error> {
    let started = Instant::now();
    let last = batch.last;
    let commits = decode_commits(state, batch.entries).await?;
    let (result, events) =
        store_commits(state, from, log_created, transactions(commits, last)).await;
    let outcome = match result {
        Ok(Some(_)) => "stored",
        Ok(None) => "conflict",
        Err(_) => "failed",
    };
    let metrics = &state.metrics;
    metrics.record_batch(outcome, started.elapsed());
    if outcome == "stored" {
        metrics.events_archived.add(events as u64, &[]);
    }
    result.map_err(Error::Database)
}

/// Returns how many events were stored, too.
async fn store_commits(
    state: &ArchiveState,
    from: &Checkpoint,
    log_created: i64,
    transactions: impl Iterator<Item = PreparedCommits>,
) -> (Result<Option<Checkpoint>, store::Error>, usize) {
    let mut events = 0;
    let mut checkpoint = from.clone();
    for prepared in transactions {
        let to = LogPosition {
            log_created: Some(log_created),
            ..prepared.to
        };
        let advanced = state
            .store
            .advance_checkpoint(&checkpoint, &to, prepared.statements);
        match advanced.await {
            Ok(TransactionOutcome::Committed) => events += prepared.events,
            Ok(TransactionOutcome::Conflict) => return (Ok(None), events),
            Err(error) => return (Err(error), events),
        }
        checkpoint.position = to;
    }
    (Ok(Some(checkpoint)), events)
}

/// What one transaction writes.
pub(super) struct PreparedCommits {
    /// Its last commit.
    pub(super) to: LogPosition,
    pub(super) statements: Vec<Statement>,
    /// How many events there are in its commits.
    events: usize,
}

/// Commits up to `last` in one transaction, unless they edit many messages: each edit may concern a whole
/// chat.
pub(super) fn transactions(
    commits: Vec<DecodedCommit>,
    last: Seq,
) -> impl Iterator<Item = PreparedCommits> {
    let mut rest = Some(commits);
    std::iter::from_fn(move || {
        let mut commits = rest.take()?;
        let after = commits.split_off(transaction_len(&commits));
        let newest = commits.last().map(|commit| (commit.seq, commit.commit.id));
        let seq = match newest {
            Some((seq, _)) if !after.is_empty() => seq,
            // What could not be decoded at the end is left out.
            _ => last,
        };
        rest = Some(after).filter(|after| !after.is_empty());
        let commit = newest.filter(|(newest, _)| *newest == seq);
        let changes = TableChanges::of(commits);
        Some(PreparedCommits {
            to: LogPosition {
                seq,
                commit: commit.map(|(_, id)| id.to_string()),
                log_created: None,
            },
            events: changes.events_count(),
            statements: changes.into_statements(),
        })
    })
}

/// How many of the commits the next transaction takes.
fn transaction_len(commits: &[DecodedCommit]) -> usize {
    let mut edits = 0;
    let is_full = |decoded: &DecodedCommit| {
        edits += message_edits::count(&decoded.commit);
        edits >= MESSAGE_EDITS_MAX
    };
    commits
        .iter()
        .position(is_full)
        .map_or(commits.len(), |last| last + 1)
}

/// Decodes the commits. A malformed one is stored as a dead letter and left out: it must not hold up
/// those after it.
pub(super) async fn decode_commits(
    state: &ArchiveState,
    entries: Vec<Entry>,
) -> Result<Vec<DecodedCommit>, Error> {
    let mut commits = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry.commit() {
            Ok(commit) => commits.push(DecodedCommit {
                world: entry.world,
                seq: entry.seq,
                commit,
            }),
            Err(cause) => {
                let reason = ErrorChain(&cause).to_string();
                let world = &entry.world;
                error!(world.id = %world, seq = entry.seq, error = %reason, "malformed commit");
                let (subject, payload) = (subject::log(world), entry.payload());
                let letter = DeadLetter::new(&subject, entry.seq, &reason, payload);
                state
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

#[cfg(test)]
mod tests {
    use futures::stream;
    use tokio::time::sleep;

    use super::*;

    /// Entries so long after another, in the virtual time of a test.
    fn entries_every(gap: Duration) -> impl Stream<Item = Seq> + Unpin {
        Box::pin(stream::unfold(6, move |seq| async move {
            sleep(gap).await;
            Some((seq, seq + 1))
        }))
    }

    /// How many entries a batch takes that begins with commit 5, and how long it takes.
    async fn collect_entries(gap: Duration, mut awaited: watch::Receiver<Seq>) -> (Seq, Duration) {
        let began = Instant::now();
        let (mut entries, mut last) = (entries_every(gap), 5);
        let deadline = began + COLLECT_MAX;
        while let Some(seq) = next_of_batch(&mut entries, (4, last), deadline, &mut awaited).await {
            last = seq;
        }
        (last - 5, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_of_a_busy_log_is_collected_for_its_time() {
        let (_query, awaited) = watch::channel(0);
        let (count, took) = collect_entries(Duration::from_millis(4), awaited).await;
        assert!((24..=25).contains(&count), "{count}");
        assert_eq!(took, COLLECT_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lone_commit_waits_for_a_gap() {
        let (_query, awaited) = watch::channel(0);
        let collected = collect_entries(COLLECT_MAX, awaited).await;
        assert_eq!(collected, (0, GAP_MAX));
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_ends_the_batch_that_it_waits_for() {
        let (query, awaited) = watch::channel(5);
        let gap = Duration::from_millis(4);
        let collected = collect_entries(gap, awaited).await;
        assert_eq!(collected, (0, Duration::ZERO));
        // It waits for a commit that comes later, and then for one of an earlier batch.
        query.send_replace(7);
        let collected = collect_entries(gap, query.subscribe()).await;
        assert_eq!(collected, (2, gap * 2));
        query.send_replace(4);
        let (_, took) = collect_entries(gap, query.subscribe()).await;
        assert_eq!(took, COLLECT_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_that_comes_while_a_batch_is_collected_ends_it() {
        let (query, awaited) = watch::channel(0);
        let asks_after = Duration::from_millis(3);
        let ask = async {
            sleep(asks_after).await;
            query.send_replace(5);
        };
        let (collected, ()) = tokio::join!(collect_entries(COLLECT_MAX, awaited), ask);
        assert_eq!(collected, (0, asks_after));
    }
}
