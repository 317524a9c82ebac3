//! One active world: a task that turns commands into commits.
//!
//! Requests are decided as they come, on the state as it will be, into a draft. While a commit is on
//! its way to the log, the next draft grows; it leaves when the one before has landed, and only then
//! is anybody told of that one. When a commit does not get into the log, the state is thrown away,
//! woken anew from the log, and the same requests are decided again. Those that are in the log after
//! all are then remembered.

mod draft;
mod flight;
mod item;
mod upkeep;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::{AppendError, Bus};
use contract::view::ViewRequest;
use contract::{Request, Timestamp, WorldId};
use service_kit::ErrorChain;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use crate::Shared;
use crate::actor::draft::{Draft, Planned};
use crate::actor::flight::{Flight, landing};
pub(crate) use crate::actor::item::Item;
use crate::actor::item::query;
use crate::actor::upkeep::Upkeep;
use crate::loader;
use rules::World;

/// Requests that are taken from the mailbox at once, and that may wait to be decided.
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
    /// Requests that are not decided yet.
    backlog: VecDeque<Item>,
    /// Whether one of them is this actor's own, to do what is due.
    wake_waits: bool,
    /// What is decided, and waits until `flight` has landed.
    draft: Option<Draft>,
    /// What is on its way to the log.
    flight: Option<Flight>,
    /// Since when nothing gets into the log.
    failing_since: Option<Instant>,
    /// Past states being read.
    aside: JoinSet<()>,
    upkeep: Upkeep,
}

impl Actor {
    pub(crate) fn new(shared: Arc<Shared>, id: WorldId) -> Self {
        Self {
            upkeep: Upkeep::new(shared.clone()),
            shared,
            id,
            backlog: VecDeque::new(),
            wake_waits: false,
            draft: None,
            flight: None,
            failing_since: None,
            aside: JoinSet::new(),
        }
    }

    /// Serves the world until it has been idle, or the mailbox is dropped.
    pub(crate) async fn run(mut self, mut items: mpsc::Receiver<Item>) {
        let started = Instant::now();
        let woken = loader::load(&self.shared.bus, &self.id, 0).await;
        let served = match woken {
            Ok(mut world) => {
                let seconds = started.elapsed().as_secs_f64();
                self.shared.metrics.activation_seconds.record(seconds, &[]);
                self.upkeep.woken(&world);
                self.shared.metrics.worlds_awake.add(1, &[]);
                let served = self.serve(&mut world, &mut items).await;
                self.upkeep.finish(&world, served.is_ok()).await;
                while self.aside.join_next().await.is_some() {}
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

    async fn serve(
        &mut self,
        world: &mut World,
        items: &mut mpsc::Receiver<Item>,
    ) -> Result<(), AppendError> {
        let mut batch = Vec::new();
        let mut idle_at = Instant::now() + self.shared.config.idle_after;
        let mut wake_not_before = Instant::now();
        let mut closed = false;
        loop {
            if self.is_settled() {
                self.failing_since.take_if(|_| self.backlog.is_empty());
                self.upkeep.settled(world).await;
            }
            self.decide(world);
            if self.flight.is_none() {
                self.send(world).await;
            }
            if closed && self.is_settled() && self.backlog.is_empty() {
                return Ok(());
            }
            let due = self
                .next_due(world)
                .map(|due| until(due).max(wake_not_before));
            tokio::select! {
                landed = landing(&mut self.flight) => match landed {
                    Ok(seq) => self.land(world, seq).await,
                    Err(error) => self.start_over(world, error).await?,
                },
                taken = items.recv_many(&mut batch, BATCH_MAX),
                    if !closed && self.backlog.len() < BATCH_MAX =>
                {
                    closed = taken == 0;
                    self.backlog.extend(batch.drain(..));
                    idle_at = Instant::now() + self.shared.config.idle_after;
                }
                () = tokio::time::sleep_until(due.unwrap_or(idle_at)),
                    if due.is_some() && !self.wake_waits =>
                {
                    wake_not_before = Instant::now() + WAKE_PAUSE;
                    self.push_wake();
                }
                () = tokio::time::sleep_until(idle_at), if !closed && self.is_settled() => {
                    let now = Timestamp::now().max(world.at);
                    if world.wake_wanted(now).is_some_and(|due| due > now) {
                        // The wake that the broker was asked for is over: ask for the next one.
                        self.push_wake();
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

    /// Whether the state is that of the log, as far as this actor knows.
    fn is_settled(&self) -> bool {
        self.flight.is_none() && self.draft.is_none()
    }

    fn next_due(&self, world: &World) -> Option<Timestamp> {
        match world.deleted_at() {
            Some(deleted) => Some(deleted + self.shared.config.deleted_kept),
            None => world.next_due(),
        }
    }

    /// Decides what waits, as much as fits in one commit.
    fn decide(&mut self, world: &mut World) {
        while let Some(item) = self.backlog.pop_front() {
            if self.must_wait(&item) {
                self.backlog.push_front(item);
                return;
            }
            if item.is_own_wake() {
                self.wake_waits = false;
            }
            self.take(world, item);
        }
    }

    fn push_wake(&mut self) {
        self.wake_waits = true;
        self.backlog.push_back(Item::wake());
    }

    fn must_wait(&self, item: &Item) -> bool {
        let draft = self.draft.as_ref();
        if draft.is_some_and(Draft::is_full) {
            return true;
        }
        match &*item.request {
            // What is told of the state must be in the log.
            Request::State { .. } | Request::Offers { .. } | Request::Mind { .. } => {
                self.flight.is_some() || draft.is_some_and(Draft::has_events)
            }
            // What is due is due now, and a draft knows only the moment at which it began.
            Request::Command(_) if item.is_wake() => {
                draft.is_some() || self.upkeep.snapshot_due() && !self.is_settled()
            }
            // A snapshot is of a state that is in the log.
            Request::Command(_) | Request::Context { .. } => {
                self.upkeep.snapshot_due() && !self.is_settled()
            }
        }
    }

    fn take(&mut self, world: &mut World, item: Item) {
        if let Some(flight) = &mut self.flight
            && let Some(accepted) = flight.draft.place_of(&item)
        {
            return flight.draft.push(item, Planned::Committed(accepted));
        }
        if let Request::State { at: Some(at), view } = &*item.request
            && *at < world.seq
        {
            let (at, view) = (*at, view.clone());
            return self.read_past(item, world.id.clone(), at, view);
        }
        let now = Timestamp::now().max(world.at);
        if item.is_wake() && !item.is_own_wake() {
            world.woken(now);
        }
        let draft = self.draft.get_or_insert_with(|| Draft::new(now));
        let planned = match &*item.request {
            Request::Command(command) => draft.take(world, command),
            Request::State { .. }
            | Request::Offers { .. }
            | Request::Mind { .. }
            | Request::Context { .. } => Planned::Ready(query(world, &item.request)),
        };
        draft.push(item, planned);
    }

    /// Sends the draft on its way to the log.
    async fn send(&mut self, world: &mut World) {
        if let Some(mut draft) = self.draft.take() {
            draft.commit.wake = self.wake_of(world, &draft);
            self.flight = Some(Flight::start(&self.shared.bus, world, draft).await);
        }
    }

    /// The wake that the broker is to be asked for with this commit.
    fn wake_of(&self, world: &World, draft: &Draft) -> Option<Timestamp> {
        let now = draft.commit.at;
        match world.deleted_at() {
            Some(_) => draft
                .has_events()
                .then(|| now + self.shared.config.deleted_kept),
            // A wake that is due already is this actor's own, unless it dies with this commit.
            None => world
                .wake_wanted(now)
                .filter(|due| *due > now || draft.has_events())
                .map(|due| due.min(now + WAKE_HORIZON)),
        }
    }

    /// The commit on its way is in the log at `seq`: tells everyone who waits for it.
    async fn land(&mut self, world: &mut World, seq: contract::Seq) {
        let Some(flight) = self.flight.take() else {
            return;
        };
        self.failing_since = None;
        flight.landed(world, seq);
        // The next one leaves first: telling takes as long as its way to the log.
        self.send(world).await;
        let stored = flight.tell(&self.shared, seq).await;
        self.upkeep.landed(stored);
    }

    /// Decides everything that is not in the log again, on the state as the log has it.
    async fn start_over(
        &mut self,
        world: &mut World,
        error: AppendError,
    ) -> Result<(), AppendError> {
        let flown = self.flight.take().map(|flight| flight.draft);
        let decided = flown.into_iter().chain(self.draft.take());
        let items: Vec<Item> = decided.flat_map(Draft::into_items).collect();
        for item in items.into_iter().rev() {
            self.backlog.push_front(item);
        }
        let conflict = matches!(error, AppendError::Conflict { .. });
        let outcome = if conflict { "conflict" } else { "unknown" };
        self.shared.metrics.append(outcome);
        debug!(world.id = %self.id, error = %ErrorChain(&error), "commit not settled");
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if since.elapsed() > APPEND_PATIENCE {
            return Err(error);
        }
        if !conflict {
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        *world = wake_again(&self.shared.bus, &self.id, error).await?;
        Ok(())
    }

    /// Reads a past state beside the actor: it folds the log from its beginning.
    fn read_past(&mut self, item: Item, id: WorldId, at: contract::Seq, view: ViewRequest) {
        let shared = self.shared.clone();
        self.aside.spawn(async move {
            let Ok(_permit) = shared.past_reads.acquire().await else {
                return;
            };
            let reply = match loader::load_at(&shared.bus, &id, at).await {
                Ok(world) => query(&world, &Request::State { at: None, view }),
                Err(error) => contract::Reply::Unavailable {
                    reason: ErrorChain(&error).to_string(),
                },
            };
            item.reply(&reply).await;
        });
    }

    async fn refuse_all(&mut self, items: &mut mpsc::Receiver<Item>, reason: String) {
        items.close();
        while let Some(item) = items.recv().await {
            self.backlog.push_back(item);
        }
        let refusal = contract::Reply::Unavailable { reason };
        for item in self.backlog.drain(..) {
            item.reply(&refusal).await;
        }
    }
}

/// The state as the log has it, at least as new as what the log's leader knows.
async fn wake_again(bus: &Bus, id: &WorldId, cause: AppendError) -> Result<World, AppendError> {
    loader::load_latest(bus, id).await.map_err(|error| {
        warn!(world.id = %id, error = %ErrorChain(&error), "world not woken again");
        cause
    })
}

/// The moment `due` on the clock that tasks wait by.
fn until(due: Timestamp) -> Instant {
    Instant::now() + due.since(Timestamp::now())
}
