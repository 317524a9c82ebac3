//! Receives the events and signals of one world, for all clients of this gateway.

use std::sync::Arc;
use std::time::Duration;

use bus::{Entry, Live, LiveSubscription, Signal, StoredCommit};
use contract::commit::Position;
use contract::{CloudEvent, Seq};
use futures::FutureExt as _;
use service_kit::ErrorChain;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::frame::Payload;
use super::ring::Ring;
use super::sequence::{Continuity, continuity};
use crate::problem::Problem;

/// Pause before the log is read again when that failed, or when its replica lags behind.
const READ_PAUSE: Duration = Duration::from_millis(100);

/// One world with clients. It stops when the last subscription drops it.
pub(crate) struct Hub {
    ring: Arc<Ring>,
    started: OnceCell<()>,
    stop: CancellationToken,
    catch_up_every: Duration,
    _stop_on_drop: DropGuard,
}

impl Hub {
    pub(super) fn new(ring: Ring, catch_up_every: Duration) -> Self {
        let stop = CancellationToken::new();
        Self {
            ring: Arc::new(ring),
            started: OnceCell::new(),
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
            catch_up_every,
        }
    }

    /// Subscribes to the world, if that has not happened yet.
    ///
    /// # Errors
    /// 404 when there is no such world, 503 when its log can't be read.
    pub(super) async fn start(&self, tasks: &TaskTracker) -> Result<(), Problem> {
        self.started
            .get_or_try_init(async || {
                let ring = Arc::clone(&self.ring);
                // Subscribe first, then read where the log ends: nothing in between is missed.
                let live = ring.bus.log().subscribe_live(&ring.world).await?;
                let end = ring.bus.log().last_seq(&ring.world).await?;
                if end == 0 {
                    return Err(Problem::unknown_world(&ring.world));
                }
                ring.start_at(Position::end_of(end));
                let receiver = Receiver {
                    ring,
                    last_delivered: end,
                    catch_up_every: self.catch_up_every,
                };
                let stop = self.stop.clone();
                tasks.spawn(async move {
                    let metrics = Arc::clone(&receiver.ring.metrics);
                    metrics.worlds_watched(1);
                    stop.run_until_cancelled(receiver.run(live)).await;
                    metrics.worlds_watched(-1);
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

/// The hub's task: what it receives becomes frames of the ring.
struct Receiver {
    ring: Arc<Ring>,
    last_delivered: Seq,
    catch_up_every: Duration,
}

impl Receiver {
    async fn run(mut self, mut live: LiveSubscription) {
        let mut catch_up_at = Instant::now() + self.catch_up_every;
        loop {
            tokio::select! {
                biased;
                () = sleep_until(catch_up_at) => {
                    self.catch_up(&mut live).await;
                    catch_up_at = Instant::now() + self.catch_up_every;
                }
                next = live.next() => match next {
                    Some(Live::Signal(signal)) => self.publish_signal(signal),
                    Some(Live::Commit(stored)) => {
                        self.on_commit(stored).await;
                        catch_up_at = Instant::now() + self.catch_up_every;
                    }
                    None => return,
                },
            }
        }
    }

    /// Reads what was lost with a connection or a broker: only the end of the log shows it.
    async fn catch_up(&mut self, live: &mut LiveSubscription) {
        let end = match self.ring.bus.log().last_seq(&self.ring.world).await {
            Ok(end) => end,
            Err(error) => {
                return debug!(error = %ErrorChain(&error), "end of the log not read");
            }
        };
        // Signals that were published before those commits are here by now.
        while self.last_delivered < end
            && let Some(Some(next)) = live.next().now_or_never()
        {
            match next {
                Live::Signal(signal) => self.publish_signal(signal),
                Live::Commit(stored) => self.on_commit(stored).await,
            }
        }
        self.read_to(end).await;
    }

    fn publish_signal(&self, signal: Signal) {
        let Signal::Chunk(chunk) = signal;
        self.ring.publish(Payload::Chunk(Box::new(chunk)));
    }

    async fn on_commit(&mut self, stored: StoredCommit) {
        match continuity(self.last_delivered, stored.entry.seq, stored.previous) {
            Continuity::Duplicate => {}
            Continuity::Next => {
                self.deliver(&stored.entry);
            }
            Continuity::Gap => self.read_to(stored.entry.seq).await,
        }
    }

    /// Reads the log until the whole commit `end` was delivered. While the log can't be read, the
    /// clients wait: nothing may overtake what they miss.
    async fn read_to(&mut self, end: Seq) {
        while self.last_delivered < end {
            let read = self
                .ring
                .bus
                .log()
                .read(&self.ring.world, self.last_delivered);
            let entries = match read.await {
                Ok(entries) => entries,
                Err(error) => {
                    debug!(error = %ErrorChain(&error), "log not read");
                    Vec::new()
                }
            };
            if entries.is_empty() {
                if self.was_purged(end).await {
                    self.last_delivered = self.last_delivered.max(end);
                }
                sleep(READ_PAUSE).await;
            }
            for entry in entries {
                let events = self.deliver(&entry);
                self.ring.metrics.events_recovered(events);
            }
        }
    }

    /// Whether the commit `end`, which existed, is deleted: the world was deleted long ago.
    async fn was_purged(&self, end: Seq) -> bool {
        let last = self.ring.bus.log().last_seq(&self.ring.world).await;
        last.is_ok_and(|last| last < end)
    }

    /// Publishes the events of a commit, and returns how many there are.
    fn deliver(&mut self, entry: &Entry) -> u64 {
        let seq = entry.seq;
        let mut events = 0;
        match entry.commit() {
            Ok(commit) => {
                events = commit.events.len() as u64;
                for (index, event) in (0..).zip(commit.events) {
                    let position = Position { seq, index };
                    let event = CloudEvent::new(&self.ring.world, position, commit.at, event);
                    self.ring.publish(Payload::Event(Box::new(event)));
                }
            }
            Err(error) => warn!(seq, error = %ErrorChain(&error), "malformed commit skipped"),
        }
        self.last_delivered = seq;
        events
    }
}
