//! One active world: a task that turns commands into commits.
//!
//! While a commit is on its way to the log, requests queue; the next commit takes all of them. The
//! state is changed before the log has the commit, so nobody is told anything before it has: when
//! an append fails, the state is thrown away, woken anew from the log, and the same requests are
//! decided again. Those that are in the log after all are then remembered.

mod draft;
mod item;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::{AppendError, CommitNotice};
use contract::{Accepted, Reply, Request, Seq, Timestamp, WorldId};
use service_kit::ErrorChain;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use crate::actor::draft::{Draft, Planned};
pub(crate) use crate::actor::item::Item;
use crate::actor::item::{outcome, query};
use crate::rules::World;
use crate::{Shared, snapshot};

/// Requests that are taken from the mailbox at once.
const BATCH_MAX: usize = 1024;
/// How long an actor tries to get a commit into the log before it tells everyone to ask again.
const APPEND_PATIENCE: Duration = Duration::from_secs(10);
/// The broker keeps a wish for a year: a wake further away is asked for in several steps.
const WAKE_HORIZON: Duration = Duration::from_hours(300 * 24);
/// Pause between two wakes of an actor by itself, should the first not have done all that was due.
const WAKE_PAUSE: Duration = Duration::from_millis(10);
/// Pause before an append is tried again when nobody knows what became of it.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// One active world.
pub(crate) struct Actor {
    shared: Arc<Shared>,
    id: WorldId,
    backlog: VecDeque<Item>,
    /// Past states being read.
    aside: JoinSet<()>,
    /// The snapshot on its way: one at a time, so that an older one never comes last.
    snapshot: JoinSet<()>,
    snapshot_at: Seq,
    commits_since_snapshot: u64,
}

impl Actor {
    pub(crate) fn new(shared: Arc<Shared>, id: WorldId) -> Self {
        Self {
            shared,
            id,
            backlog: VecDeque::new(),
            aside: JoinSet::new(),
            snapshot: JoinSet::new(),
            snapshot_at: 0,
            commits_since_snapshot: 0,
        }
    }

    /// Serves the world until it has been idle, or the mailbox is dropped.
    pub(crate) async fn run(mut self, mut items: mpsc::Receiver<Item>) {
        let started = Instant::now();
        let woken = snapshot::wake(&self.shared.bus, &self.id, 0).await;
        let served = match woken {
            Ok(mut world) => {
                let seconds = started.elapsed().as_secs_f64();
                self.shared.metrics.activation_seconds.record(seconds, &[]);
                self.snapshot_at = world.seq;
                self.shared.metrics.worlds_awake.add(1, &[]);
                let served = self.serve(&mut world, &mut items).await;
                self.finish(&world, served.is_ok()).await;
                self.shared.metrics.worlds_awake.add(-1, &[]);
                served.map_err(|error| ErrorChain(&error).to_string())
            }
            Err(error) => Err(ErrorChain(&error).to_string()),
        };
        if let Err(reason) = served {
            error!(world.id = %self.id, error = %reason, "world given up");
            self.refuse_all(&mut items, reason).await;
        }
    }

    /// Ends what runs beside the actor, and leaves a snapshot for whoever wakes the world next.
    async fn finish(&mut self, world: &World, is_current: bool) {
        while self.snapshot.join_next().await.is_some() {}
        if is_current && world.exists() && world.seq > self.snapshot_at {
            self.keep_snapshot(world);
        }
        while self.snapshot.join_next().await.is_some() {}
        while self.aside.join_next().await.is_some() {}
    }

    async fn serve(
        &mut self,
        world: &mut World,
        items: &mut mpsc::Receiver<Item>,
    ) -> Result<(), AppendError> {
        let mut batch = Vec::new();
        let mut idle_at = Instant::now() + self.shared.config.idle_after;
        let mut wake_not_before = Instant::now();
        loop {
            while !self.backlog.is_empty() {
                self.commit_next(world).await?;
            }
            self.purge_if_due(world).await;
            let due = self
                .next_due(world)
                .map(|due| until(due).max(wake_not_before));
            tokio::select! {
                taken = items.recv_many(&mut batch, BATCH_MAX) => {
                    if taken == 0 {
                        return Ok(());
                    }
                    self.backlog.extend(batch.drain(..));
                    idle_at = Instant::now() + self.shared.config.idle_after;
                }
                () = tokio::time::sleep_until(due.unwrap_or(idle_at)), if due.is_some() => {
                    wake_not_before = Instant::now() + WAKE_PAUSE;
                    self.backlog.push_back(Item::wake());
                }
                () = tokio::time::sleep_until(idle_at) => {
                    let now = Timestamp::now().max(world.at);
                    if world.wake_wanted(now).is_some_and(|due| due > now) {
                        // The wake that the broker was asked for is over: ask for the next one.
                        self.backlog.push_back(Item::wake());
                        continue;
                    }
                    // Whoever comes from now on wakes a new actor; whoever is in is still served.
                    items.close();
                    idle_at += Duration::from_hours(24);
                }
                Some(_) = self.aside.join_next() => {}
            }
        }
    }

    fn next_due(&self, world: &World) -> Option<Timestamp> {
        match world.deleted_at() {
            Some(deleted) => Some(deleted + self.shared.config.deleted_kept),
            None => world.next_due(),
        }
    }

    /// Decides as much of the backlog as fits in one commit, and answers it once that is stored.
    async fn commit_next(&mut self, world: &mut World) -> Result<(), AppendError> {
        let patience = Instant::now() + APPEND_PATIENCE;
        loop {
            let draft = self.draft(world);
            let error = match self.settle(world, draft).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let conflict = matches!(error, AppendError::Conflict { .. });
            self.shared
                .metrics
                .append(if conflict { "conflict" } else { "unknown" });
            debug!(world.id = %self.id, error = %ErrorChain(&error), "commit not settled");
            if Instant::now() > patience {
                return Err(error);
            }
            if !conflict {
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            *world = self.wake_again(error).await?;
        }
    }

    /// Stores a draft and answers its requests. One without events is not stored, but what it would
    /// answer is true only if the state is still that of the log.
    async fn settle(&mut self, world: &mut World, draft: Draft) -> Result<(), AppendError> {
        let (previous, commit) = (world.seq, draft.commit);
        if commit.events.is_empty() && commit.wake.is_none() {
            self.check_current(previous).await?;
            self.answer(world, draft.answers, previous).await;
            return Ok(());
        }
        let started = Instant::now();
        let seq = self.shared.bus.append(&self.id, &commit, previous).await?;
        let metrics = &self.shared.metrics;
        metrics.append("stored");
        metrics
            .append_seconds
            .record(started.elapsed().as_secs_f64(), &[]);
        metrics
            .events_committed
            .add(commit.events.len() as u64, &[]);
        world.end_commit(seq, &commit);
        self.answer(world, draft.answers, seq).await;
        let notice = CommitNotice {
            world: &self.id,
            seq,
            previous,
            commit: &commit,
        };
        self.shared.bus.publish_commit(notice).await;
        self.count_commit(world);
        Ok(())
    }

    async fn check_current(&self, seq: Seq) -> Result<(), AppendError> {
        let world = || self.id.clone();
        match self.shared.bus.last_seq(&self.id).await {
            Ok(end) if end == seq => Ok(()),
            Ok(_) => Err(AppendError::Conflict {
                world: world(),
                expected: seq,
            }),
            Err(source) => Err(AppendError::Unknown {
                world: world(),
                source: source.into(),
            }),
        }
    }

    /// The state as the log has it, at least as new as what the log's leader knows.
    async fn wake_again(&self, cause: AppendError) -> Result<World, AppendError> {
        let woken = async {
            let end = self.shared.bus.last_seq(&self.id).await.map_err(|source| {
                snapshot::WakeError::Read {
                    world: self.id.clone(),
                    source,
                }
            })?;
            snapshot::wake(&self.shared.bus, &self.id, end).await
        };
        woken.await.map_err(|error| {
            warn!(world.id = %self.id, error = %ErrorChain(&error), "world not woken again");
            cause
        })
    }

    fn draft(&self, world: &mut World) -> Draft {
        let now = Timestamp::now().max(world.at);
        let mut draft = Draft::new(now);
        for item in &self.backlog {
            if draft.is_full() {
                break;
            }
            let planned = match &item.request {
                Request::Command(command) => draft.take(world, command, now),
                Request::State { .. } | Request::Context { .. } => Planned::Query,
            };
            draft.answers.push(planned);
        }
        draft.commit.wake = match world.deleted_at() {
            Some(_) => draft
                .has_events()
                .then(|| now + self.shared.config.deleted_kept),
            // A wake that is due already is this actor's own, unless it dies with this commit.
            None => world
                .wake_wanted(now)
                .filter(|due| *due > now || draft.has_events())
                .map(|due| due.min(now + WAKE_HORIZON)),
        };
        draft
    }

    async fn answer(&mut self, world: &World, answers: Vec<Planned>, seq: Seq) {
        for planned in answers {
            let Some(item) = self.backlog.pop_front() else {
                return;
            };
            let past = match &item.request {
                Request::State { at: Some(at) } if *at < seq => Some(*at),
                _ => None,
            };
            if let Some(at) = past {
                self.read_past(item, world.id.clone(), at);
                continue;
            }
            let reply = match planned {
                Planned::Committed(accepted) => Reply::Accepted(Accepted { seq, ..accepted }),
                Planned::Ready(reply) => reply,
                Planned::Query => query(world, &item.request),
            };
            if matches!(item.request, Request::Command(_)) {
                self.shared.metrics.command(outcome(&reply));
            }
            item.reply(&reply).await;
        }
    }

    /// Reads a past state beside the actor: it folds the log from its beginning.
    fn read_past(&mut self, item: Item, id: WorldId, at: Seq) {
        let shared = self.shared.clone();
        self.aside.spawn(async move {
            let Ok(_permit) = shared.past_reads.acquire().await else {
                return;
            };
            let reply = match snapshot::past(&shared.bus, &id, at).await {
                Ok(world) => query(&world, &Request::State { at: None }),
                Err(error) => Reply::Unavailable {
                    reason: ErrorChain(&error).to_string(),
                },
            };
            item.reply(&reply).await;
        });
    }

    fn count_commit(&mut self, world: &World) {
        self.commits_since_snapshot += 1;
        while self.snapshot.try_join_next().is_some() {}
        let wanted = self.commits_since_snapshot >= self.shared.config.snapshot_every;
        if wanted && self.snapshot.is_empty() {
            self.keep_snapshot(world);
        }
    }

    /// Writes a snapshot beside the actor. One that gets lost only makes the next waking slower.
    fn keep_snapshot(&mut self, world: &World) {
        self.commits_since_snapshot = 0;
        self.snapshot_at = world.seq;
        let state = match snapshot::write(world) {
            Ok(state) => state,
            Err(error) => return error!(error = %ErrorChain(&error), "snapshot not written"),
        };
        let (shared, id, seq) = (self.shared.clone(), self.id.clone(), world.seq);
        self.snapshot.spawn(async move {
            if let Err(error) = shared.bus.keep_snapshot(&id, seq, state.into()).await {
                warn!(world.id = %id, error = %ErrorChain(&error), "snapshot not kept");
            }
        });
    }

    /// Removes what is left of a world whose time after deletion is over.
    async fn purge_if_due(&self, world: &mut World) {
        let Some(deleted) = world.deleted_at() else {
            return;
        };
        if deleted + self.shared.config.deleted_kept > Timestamp::now() {
            return;
        }
        // The snapshot goes first: without it, a log that is still there is replayed.
        let bus = &self.shared.bus;
        let purged = async {
            bus.remove_snapshot(&self.id).await?;
            bus.purge(&self.id, world.seq).await
        };
        let again = match purged.await {
            Ok(()) => snapshot::wake(bus, &self.id, 0)
                .await
                .map_err(|e| ErrorChain(&e).to_string()),
            Err(error) => Err(ErrorChain(&error).to_string()),
        };
        match again {
            Ok(woken) => *world = woken,
            Err(error) => {
                warn!(world.id = %self.id, error = %error, "deleted world not purged");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn refuse_all(&mut self, items: &mut mpsc::Receiver<Item>, reason: String) {
        items.close();
        while let Some(item) = items.recv().await {
            self.backlog.push_back(item);
        }
        for item in self.backlog.drain(..) {
            item.reply(&Reply::Unavailable {
                reason: reason.clone(),
            })
            .await;
        }
    }
}

/// The moment `due` on the clock that tasks wait by.
fn until(due: Timestamp) -> Instant {
    Instant::now() + due.since(Timestamp::now())
}
