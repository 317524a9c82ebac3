//! One world's events, for everyone at this gateway who watches it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Bus, CommitSubscription, Entry, Signal, SignalSubscription, StoredCommit};
use contract::commit::Position;
use contract::{CloudEvent, Seq, WorldId};
use futures::FutureExt as _;
use service_kit::ErrorChain;
use tokio::sync::{OnceCell, broadcast};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::frame::Frame;
use super::step::{Step, step};
use crate::metrics::Metrics;
use crate::problem::Problem;

/// Pause before the log is read again when that failed, or when its replica lags behind.
const READ_PAUSE: Duration = Duration::from_millis(100);

/// One world that somebody watches. When the last one drops it, it stops listening.
pub(crate) struct Hub {
    ring: Arc<Ring>,
    started: OnceCell<()>,
    stop: CancellationToken,
    catch_up_every: Duration,
    _stop_on_drop: DropGuard,
}

/// What the hub's task and the clients share.
pub(super) struct Ring {
    pub(super) bus: Bus,
    pub(super) world: WorldId,
    pub(super) metrics: Arc<Metrics>,
    frames: broadcast::Sender<Arc<Frame>>,
    /// The place of the newest event in the ring, changed together with it.
    position: Mutex<Position>,
}

impl Hub {
    pub(super) fn new(
        bus: Bus,
        world: WorldId,
        backlog_max: usize,
        catch_up_every: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        let stop = CancellationToken::new();
        Self {
            ring: Arc::new(Ring {
                bus,
                world,
                metrics,
                frames: broadcast::Sender::new(backlog_max.max(1)),
                position: Mutex::default(),
            }),
            started: OnceCell::new(),
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
            catch_up_every,
        }
    }

    /// Listens, if it does not yet.
    ///
    /// # Errors
    /// 404 when there is no such world, 503 when its log can't be read.
    pub(super) async fn start(&self, tasks: &TaskTracker) -> Result<(), Problem> {
        self.started
            .get_or_try_init(async || {
                let ring = Arc::clone(&self.ring);
                // Listen first, then ask where the log ends: what comes in between is not missed.
                let commits = ring.bus.log().subscribe_commits(&ring.world).await?;
                let signals = ring.bus.signals().subscribe(&ring.world).await?;
                let end = ring.bus.log().last_seq(&ring.world).await?;
                if end == 0 {
                    return Err(Problem::unknown_world(&ring.world));
                }
                *ring.lock() = Position::end_of(end);
                let task = Task {
                    ring,
                    seen: end,
                    catch_up_every: self.catch_up_every,
                };
                let stop = self.stop.clone();
                tasks.spawn(async move {
                    task.ring.metrics.watched(1);
                    let metrics = Arc::clone(&task.ring.metrics);
                    let listening = task.listen(commits, signals);
                    stop.run_until_cancelled(listening).await;
                    metrics.watched(-1);
                });
                Ok(())
            })
            .await
            .copied()
    }

    pub(super) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }
}

impl Ring {
    /// Every frame from now on, and the place of the last event before them.
    pub(super) fn subscribe(&self) -> (broadcast::Receiver<Arc<Frame>>, Position) {
        let position = self.lock();
        (self.frames.subscribe(), *position)
    }

    fn publish(&self, frame: Frame) {
        let mut position = self.lock();
        if let Some(place) = frame.position() {
            *position = place;
        }
        // An error means that nobody watches just now.
        let _ = self.frames.send(Arc::new(frame));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Task {
    ring: Arc<Ring>,
    /// The last commit that was delivered.
    seen: Seq,
    catch_up_every: Duration,
}

impl Task {
    async fn listen(mut self, mut commits: CommitSubscription, mut signals: SignalSubscription) {
        let mut look_at = Instant::now() + self.catch_up_every;
        loop {
            tokio::select! {
                // A chunk is sent before the event that ends its answer: it must not be overtaken.
                biased;
                () = sleep_until(look_at) => {
                    self.catch_up(&mut signals).await;
                    look_at = Instant::now() + self.catch_up_every;
                }
                signal = signals.next() => {
                    let Some(signal) = signal else { return };
                    self.pass_on(signal);
                }
                stored = commits.next() => {
                    let Some(stored) = stored else { return };
                    self.take(stored).await;
                    look_at = Instant::now() + self.catch_up_every;
                }
            }
        }
    }

    /// A connection or a broker that was lost leaves no trace in what is passed on: only the log's end
    /// tells.
    async fn catch_up(&mut self, signals: &mut SignalSubscription) {
        let end = match self.ring.bus.log().last_seq(&self.ring.world).await {
            Ok(end) => end,
            Err(error) => {
                return debug!(error = %ErrorChain(&error), "end of the log not read");
            }
        };
        if self.seen < end {
            // Chunks that were sent before those commits are here by now.
            while let Some(Some(signal)) = signals.next().now_or_never() {
                self.pass_on(signal);
            }
            self.read_to(end).await;
        }
    }

    fn pass_on(&self, signal: Signal) {
        let Signal::Chunk(chunk) = signal;
        self.ring.publish(Frame::chunk(chunk));
    }

    async fn take(&mut self, stored: StoredCommit) {
        match step(self.seen, stored.entry.seq, stored.previous) {
            Step::Seen => {}
            Step::Next => {
                self.deliver(&stored.entry);
            }
            Step::Gap => self.read_to(stored.entry.seq).await,
        }
    }

    /// Reads the log until the commit `end` was delivered whole. While the log can't be read, the
    /// clients wait: nothing may overtake what they miss.
    async fn read_to(&mut self, end: Seq) {
        while self.seen < end {
            let read = self.ring.bus.log().read(&self.ring.world, self.seen).await;
            let entries = match read {
                Ok(entries) => entries,
                Err(error) => {
                    debug!(error = %ErrorChain(&error), "log not read");
                    Vec::new()
                }
            };
            if entries.is_empty() {
                if self.was_purged(end).await {
                    self.seen = self.seen.max(end);
                }
                sleep(READ_PAUSE).await;
            }
            for entry in entries {
                let events = self.deliver(&entry);
                self.ring.metrics.recovered(events);
            }
        }
    }

    /// Whether the commit `end`, which was there, is gone: the world was deleted long ago.
    async fn was_purged(&self, end: Seq) -> bool {
        let last = self.ring.bus.log().last_seq(&self.ring.world).await;
        last.is_ok_and(|last| last < end)
    }

    /// Hands the events of a commit to everyone who watches, and says how many there are.
    fn deliver(&mut self, entry: &Entry) -> u64 {
        let seq = entry.seq;
        let mut events = 0;
        match entry.commit() {
            Ok(commit) => {
                events = commit.events.len() as u64;
                for (index, event) in (0..).zip(commit.events) {
                    let place = Position { seq, index };
                    let event = CloudEvent::new(&self.ring.world, place, commit.at, event);
                    self.ring.publish(Frame::event(event));
                }
            }
            Err(error) => warn!(seq, error = %ErrorChain(&error), "commit skipped"),
        }
        self.seen = seq;
        events
    }
}
