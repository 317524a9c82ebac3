//! What one client sees of a world: first what it missed, from the log, then what happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::Entry;
use contract::CloudEvent;
use contract::commit::Position;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Serialize;
use service_kit::ErrorChain;
use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};
use tokio::time::sleep;
use tracing::warn;

use super::filter::Filter;
use super::frame::{Body, Frame};
use super::hub::{Hub, Ring};
use crate::problem::Problem;

/// Pause before the log is read again when its replica lags behind, or could not be read.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// After so many reads in a row that brought nothing, the client is told to come back.
const EMPTY_READS_MAX: u32 = 50;

/// The events of a world for one client, each once and in order.
pub(crate) struct Feed {
    hub: Arc<Hub>,
    filter: Filter,
    live: broadcast::Receiver<Arc<Frame>>,
    /// The place of the last event before those in `live`: up to it the log is read.
    joined: Position,
    /// The place of the last event that was handed out, or is in `page`.
    last: Position,
    page: VecDeque<Arc<Frame>>,
    /// A read in progress. It outlives a caller that stops waiting.
    reading: Option<BoxFuture<'static, Result<Vec<Entry>, bus::Error>>>,
    empty_reads: u32,
    /// Whether the log was read since `live` began: it may have run over meanwhile.
    replayed: bool,
    /// Whether `live` has lost what the client did not take.
    ran_over: bool,
}

/// Where a feed begins.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Ready {
    /// Everything behind this place follows.
    pub(crate) position: Position,
    /// Whether that is all that the client has not seen. If not, its position is not one of this
    /// log any more: it has to read the state anew.
    pub(crate) complete: bool,
}

/// Why nothing more follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client is too far behind.
    Slow,
    /// The log could not be read.
    Unreadable,
}

impl Feed {
    pub(super) fn new(hub: Arc<Hub>, filter: Filter) -> Self {
        let (live, joined) = hub.ring().subscribe();
        Self {
            hub,
            filter,
            live,
            joined,
            last: joined,
            page: VecDeque::new(),
            reading: None,
            empty_reads: 0,
            replayed: false,
            ran_over: false,
        }
    }

    /// Begins behind `after` in place of now, if the log still knows that place; otherwise now.
    ///
    /// # Errors
    /// 503 when the log can't be read.
    pub(crate) async fn start_after(&mut self, after: Option<Position>) -> Result<Ready, Problem> {
        let Some(after) = after else {
            return Ok(self.ready(true));
        };
        let (ring, joined) = (Arc::clone(self.hub.ring()), self.joined);
        let complete = is_known(&ring, joined, after).await?;
        if complete {
            self.go_on_after(after);
        }
        self.hub.ring().metrics.resumed(complete);
        Ok(self.ready(complete))
    }

    /// Begins behind `after`, which is a place that the world itself told. What `live` has lost until
    /// now the client could not take yet: the log has it.
    pub(crate) fn go_on_after(&mut self, after: Position) {
        self.last = after;
        self.replayed = true;
    }

    fn ready(&self, complete: bool) -> Ready {
        Ready {
            position: self.last,
            complete,
        }
    }

    /// The next event or signal that passes the filter. A caller may stop waiting at any time.
    ///
    /// # Errors
    /// [`Ended`] when nothing more follows.
    pub(crate) async fn next(&mut self) -> Result<Arc<Frame>, Ended> {
        loop {
            if let Some(frame) = self.page.pop_front() {
                return Ok(frame);
            }
            if self.last < self.joined {
                self.read_page().await?;
                continue;
            }
            if std::mem::take(&mut self.ran_over) {
                self.rejoin()?;
                continue;
            }
            match self.live.recv().await {
                Ok(frame) => {
                    if self.wants(&frame) {
                        return Ok(frame);
                    }
                }
                Err(RecvError::Lagged(_)) => self.rejoin()?,
                Err(RecvError::Closed) => return Err(Ended::Unreadable),
            }
        }
    }

    /// The next event or signal if it is there already.
    pub(crate) fn try_next(&mut self) -> Option<Arc<Frame>> {
        if let Some(frame) = self.page.pop_front() {
            return Some(frame);
        }
        while self.last >= self.joined && !self.ran_over {
            match self.live.try_recv() {
                Ok(frame) if self.wants(&frame) => return Some(frame),
                Ok(_) => {}
                Err(TryRecvError::Lagged(_)) => {
                    // The receiver forgets that it told; `next` has to hear it as well.
                    self.ran_over = true;
                    return None;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
        None
    }

    /// Marks a live frame as seen; whether it is new and passes the filter.
    fn wants(&mut self, frame: &Frame) -> bool {
        match &frame.body {
            Body::Event(event) if event.sequence <= self.last => false,
            Body::Event(event) => {
                self.last = event.sequence;
                self.replayed = false;
                self.filter.passes(event)
            }
            Body::Chunk(chunk) => self.filter.passes_chunk(chunk),
        }
    }

    /// The ring has run over. While the client was still reading the log that is no fault of its
    /// own: it reads on from there.
    fn rejoin(&mut self) -> Result<(), Ended> {
        if !self.replayed {
            return Err(Ended::Slow);
        }
        (self.live, self.joined) = self.hub.ring().subscribe();
        Ok(())
    }

    async fn read_page(&mut self) -> Result<(), Ended> {
        let last = self.last;
        let read_after = match last.index {
            u32::MAX => last.seq,
            _ => last.seq.saturating_sub(1),
        };
        let empty_reads = self.empty_reads;
        let ring = self.hub.ring();
        let reading = self.reading.get_or_insert_with(|| {
            let ring = Arc::clone(ring);
            async move {
                if empty_reads > 0 {
                    sleep(READ_PAUSE).await;
                }
                ring.bus.log().read(&ring.world, read_after).await
            }
            .boxed()
        });
        let read = reading.await;
        self.reading = None;
        self.replayed = true;
        let entries = read.unwrap_or_else(|error| {
            warn!(error = %ErrorChain(&error), "log not read");
            Vec::new()
        });
        self.empty_reads = if entries.is_empty() {
            empty_reads + 1
        } else {
            0
        };
        if self.empty_reads > EMPTY_READS_MAX {
            return Err(Ended::Unreadable);
        }
        for entry in entries {
            self.take(&entry, last);
        }
        Ok(())
    }

    fn take(&mut self, entry: &Entry, last: Position) {
        let ring = self.hub.ring();
        match entry.commit() {
            Ok(commit) => {
                for (index, event) in (0..).zip(commit.events) {
                    let place = Position {
                        seq: entry.seq,
                        index,
                    };
                    let event = CloudEvent::new(&ring.world, place, commit.at, event);
                    if place > last && self.filter.passes(&event) {
                        self.page.push_back(Arc::new(Frame::event(event)));
                    }
                }
            }
            Err(error) => warn!(seq = entry.seq, error = %ErrorChain(&error), "commit skipped"),
        }
        self.last = Position::end_of(entry.seq);
    }
}

/// Whether the log still knows the place `after`, so that nothing behind it can be missing.
async fn is_known(ring: &Ring, joined: Position, after: Position) -> Result<bool, Problem> {
    if after.seq == 0 {
        return Ok(true);
    }
    let first = ring.bus.log().read(&ring.world, after.seq - 1).await?;
    // A replica that lags behind may not have it yet, but then the hub has seen it.
    Ok(first.first().is_some_and(|entry| entry.seq == after.seq)
        || (first.is_empty() && after.seq == joined.seq))
}
