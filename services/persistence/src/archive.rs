//! The log into the database: in order, in batches, each commit once.
//!
//! The checkpoint is moved in the same transaction as the rows, and only from where this writer
//! read it: whoever else writes meanwhile, no commit is ever archived twice or left out. Who is to
//! write is agreed on for speed only.

mod batch;
mod changes;
mod moves;
mod rows;

use std::collections::BTreeSet;
use std::time::Duration;

use bus::MemberId;
use contract::Seq;
use futures::StreamExt;
use service_kit::CancellationToken;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::shared::Shared;
use crate::store::{self, Applied};

/// How often the log's end and the database's checkpoint are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The log has more, and nothing came for this long: it is followed anew. A consumer may stall
/// without an error when its server restarts.
const STALLED_AFTER: Duration = Duration::from_secs(5);
/// The first pause after something failed; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("use the database")]
    Database(#[source] store::Error),
    #[error("use the log")]
    Log(#[source] bus::Error),
    #[error("the log has more than it delivers")]
    Stalled,
    #[error("the log delivers commit {found} behind {last}")]
    OutOfOrder { last: Seq, found: Seq },
    #[error("the database holds commit {checkpoint}, and the log ends at {last}")]
    Ahead { checkpoint: Seq, last: Seq },
}

impl Error {
    /// Whether it may be gone when it is tried again.
    fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => error.is_transient(),
            Self::Log(_) | Self::Stalled | Self::OutOfOrder { .. } | Self::Ahead { .. } => true,
        }
    }
}

/// Whose turn it is to write: the oldest replica's.
pub(crate) struct Turn {
    pub(crate) id: MemberId,
    pub(crate) members: watch::Receiver<BTreeSet<MemberId>>,
}

impl Turn {
    fn is_mine(&self) -> bool {
        self.members.borrow().first() == Some(&self.id)
    }

    async fn ends(&self) {
        let others = |members: &BTreeSet<MemberId>| members.first() != Some(&self.id);
        // An error means that nobody keeps the membership any more.
        let _ = self.members.clone().wait_for(others).await;
    }
}

/// Archives until `shutdown`, whenever it is this replica's turn.
///
/// # Errors
/// What no second attempt can change, among it a database of another version.
pub(crate) async fn run(
    shared: &Shared,
    mut turn: Turn,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut pause = PAUSE_MIN;
    let mut migrated = false;
    while !shutdown.is_cancelled() {
        let before = shared.progress();
        let result = if !migrated {
            let result = shared.store.migrate().await;
            migrated = result.is_ok();
            result.map_err(Error::Database)
        } else if turn.is_mine() {
            let over = async {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = turn.ends() => {}
                }
            };
            write(shared, over).await
        } else {
            let result = shared.look().await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = turn.members.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            result.map(drop).map_err(Error::Database)
        };
        if result.is_ok() || shared.progress() != before {
            pause = PAUSE_MIN;
        }
        let Err(error) = result else { continue };
        if !error.is_transient() {
            return Err(error.into());
        }
        report(shared, &error);
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
        }
    }
    Ok(())
}

/// Empties the tables, and archives what the log holds now.
pub(crate) async fn rebuild(shared: &Shared, shutdown: &CancellationToken) -> anyhow::Result<()> {
    shared.store.migrate().await?;
    let end = shared.bus.log().end().await?.newest;
    shared.store.clear().await?;
    shared.look().await?;
    while shared.progress() < end && !shutdown.is_cancelled() {
        let over = async {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = shared.wait_until(end) => {}
            }
        };
        if let Err(error) = write(shared, over).await {
            if !error.is_transient() {
                return Err(error.into());
            }
            report(shared, &error);
            tokio::time::sleep(PAUSE_MIN).await;
        }
    }
    anyhow::ensure!(
        shared.progress() >= end,
        "stopped before the end of the log"
    );
    Ok(())
}

/// Archives from the database's checkpoint on, until `over`, or until someone else wrote.
async fn write(shared: &Shared, over: impl Future<Output = ()>) -> Result<(), Error> {
    let mut checkpoint = shared.look().await.map_err(Error::Database)?;
    let entries = shared
        .bus
        .log()
        .tail(checkpoint)
        .await
        .map_err(Error::Log)?
        .fuse();
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    tokio::pin!(over, entries);
    loop {
        tokio::select! {
            biased;
            () = &mut over => return Ok(()),
            _ = look.tick() => {
                if shared.look().await.map_err(Error::Database)? != checkpoint {
                    return Ok(());
                }
                check_log(shared, checkpoint, heard).await?;
            }
            entry = entries.next() => {
                let first = entry.ok_or(Error::Stalled)?.map_err(Error::Log)?;
                heard = Instant::now();
                let batch = batch::take(checkpoint, first, &mut entries).await?;
                let last = batch.last;
                match batch::store(shared, checkpoint, batch).await? {
                    Applied::Yes => checkpoint = last,
                    Applied::Conflict => return Ok(()),
                }
                shared.reached(checkpoint);
            }
        }
    }
}

async fn check_log(shared: &Shared, checkpoint: Seq, heard: Instant) -> Result<(), Error> {
    let end = shared.bus.log().end().await.map_err(Error::Log)?;
    let lag = end.newest.saturating_sub(checkpoint);
    shared.metrics.lag_commits.record(lag, &[]);
    if end.last < checkpoint {
        let last = end.last;
        return Err(Error::Ahead { checkpoint, last });
    }
    if lag > 0 && heard.elapsed() > STALLED_AFTER {
        return Err(Error::Stalled);
    }
    shared.log.is_back();
    Ok(())
}

fn report(shared: &Shared, error: &Error) {
    match error {
        Error::Database(_) => shared.database.is_away("it does not answer", error),
        Error::Ahead { .. } => {
            let reason = "it is not the one that was archived: run `persistence rebuild`";
            shared.log.is_away(reason, error);
        }
        Error::Log(_) | Error::Stalled | Error::OutOfOrder { .. } => {
            shared.log.is_away("it can't be followed", error);
        }
    }
}
