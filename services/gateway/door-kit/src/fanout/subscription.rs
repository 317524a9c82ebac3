//! What one client reads of a world: first what it missed, from the log, then what happens.

use std::sync::Arc;
use std::time::Duration;

use bus::Entry;
use contract::Seq;
use contract::commit::Position;
use service_kit::ErrorChain;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::warn;

use super::backlog::BacklogFrame;
use super::filter::Filter;
use super::frame::{Frame, Payload};
use super::hub::Hub;
use super::page::{PageEnd, is_deletion, page_of};
use super::page_budget::{NextOfPage, Page};
use super::ring::{LiveFrames, Ring};
use crate::close_reason::CloseReason;
use crate::problem::Problem;

/// Pause before the log is read again when its replica lags behind, or could not be read.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// After this many reads in a row without a commit, the subscription ends.
const EMPTY_READS_MAX: u32 = 50;
/// Commits of one page.
const PAGE_COMMITS_MAX: usize = 64;
/// Bytes of one page in the log, roughly: a larger commit is a page by itself.
const PAGE_BYTES: usize = 64 << 10;

/// The events of a world for one client, each once and in order.
pub struct Subscription {
    hub: Arc<Hub>,
    filter: Filter,
    start: Start,
    /// Up to where it joined the live frames the log is read.
    live: LiveFrames,
    /// The position of the last event that was returned, or did not match.
    last: Position,
    /// Frames of the log, and what follows from the last of them.
    page: Option<(Page, PageEnd)>,
    /// A read in progress: a task of its own, which takes no longer than the log, however long the caller
    /// waits for something else.
    reading: Option<JoinSet<Result<Vec<Entry>, bus::Error>>>,
    empty_reads: u32,
    /// Whether the log has to be read on when the ring has overflowed: it was read since `live` began, or
    /// frames have given way before they were read.
    replayed: bool,
    /// Whether `live` has lost frames that the client did not read.
    lagged: bool,
    /// Whether the log is read on whenever the ring has overflowed.
    reads_log: bool,
    /// Whether the world was deleted: what follows is of another one of its id.
    deleted: bool,
}

/// Where a subscription begins.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Everything after this position follows.
    pub position: Position,
    /// Whether that is all that the client has not read. If not, the client's position is not one of
    /// this log: it has to read the state again.
    pub complete: bool,
}

/// Why a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionEnd {
    /// The client is too far behind.
    Lagged,
    /// The log could not be read.
    LogUnreadable,
    /// The world was deleted.
    WorldDeleted,
}

impl From<SubscriptionEnd> for CloseReason {
    fn from(end: SubscriptionEnd) -> Self {
        match end {
            SubscriptionEnd::Lagged => Self::Slow,
            SubscriptionEnd::LogUnreadable => Self::ServerError,
            SubscriptionEnd::WorldDeleted => Self::WorldDeleted,
        }
    }
}

impl Subscription {
    pub(super) fn new(hub: Arc<Hub>, filter: Filter) -> Self {
        let live = hub.ring().subscribe();
        let last = live.joined_at;
        Self {
            hub,
            filter,
            start: Start {
                position: last,
                complete: true,
            },
            live,
            last,
            page: None,
            reading: None,
            empty_reads: 0,
            replayed: false,
            lagged: false,
            reads_log: false,
            deleted: false,
        }
    }

    /// Reads the log from its position whenever its client has been overtaken, instead of ending: for clients
    /// that can't resume by themselves. It costs one page of the log while the client catches up, and nothing
    /// before.
    pub fn read_log_when_overtaken(&mut self) {
        self.reads_log = true;
    }

    /// Where it began.
    pub fn start(&self) -> Start {
        self.start
    }

    /// Begins after `after`, which a client sent, if nothing of the log after it is missing; otherwise now.
    ///
    /// # Errors
    /// 503 when the log can't be read.
    pub(crate) async fn start_after(&mut self, after: Position) -> Result<(), Problem> {
        let ring = Arc::clone(self.hub.ring());
        let complete = is_in_log(&ring, self.live.joined_at, after).await?;
        if complete {
            self.resume_after(after);
        }
        ring.metrics.subscription_resumed(complete);
        self.start = Start {
            position: self.last,
            complete,
        };
        Ok(())
    }

    /// Begins after `after`, a position that the world itself returned. What `live` has lost until now
    /// the client could not read yet: the log has it.
    pub fn resume_after(&mut self, after: Position) {
        self.last = after;
        self.replayed = true;
    }

    /// The next event or signal that matches the filter. A caller may stop waiting at any time.
    ///
    /// # Errors
    /// [`SubscriptionEnd`] when nothing more follows.
    pub async fn next(&mut self) -> Result<Arc<Frame>, SubscriptionEnd> {
        loop {
            if let Some(frame) = self.next_of_page() {
                return Ok(frame);
            }
            if self.deleted {
                return Err(SubscriptionEnd::WorldDeleted);
            }
            if self.last < self.live.joined_at {
                self.read_page().await?;
                continue;
            }
            if std::mem::take(&mut self.lagged) {
                self.rejoin()?;
                continue;
            }
            match self.live.frames.recv().await {
                Ok(frame) => {
                    if let Some(frame) = self.take(&frame) {
                        return Ok(frame);
                    }
                }
                Err(RecvError::Lagged(_)) => self.rejoin()?,
                Err(RecvError::Closed) => return Err(SubscriptionEnd::LogUnreadable),
            }
        }
    }

    /// The next event or signal if it is there already.
    pub fn try_next(&mut self) -> Option<Arc<Frame>> {
        if let Some(frame) = self.next_of_page() {
            return Some(frame);
        }
        while self.last >= self.live.joined_at && !self.lagged && !self.deleted {
            match self.live.frames.try_recv() {
                Ok(frame) => {
                    if let Some(frame) = self.take(&frame) {
                        return Some(frame);
                    }
                }
                Err(TryRecvError::Lagged(_)) => {
                    // The receiver reports it once; `next` needs it as well.
                    self.lagged = true;
                    return None;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
        None
    }

    fn next_of_page(&mut self) -> Option<Arc<Frame>> {
        let (page, end) = self.page.as_ref()?;
        match page.next() {
            NextOfPage::Frame(frame, false) => {
                self.last = frame.position().unwrap_or(self.last);
                Some(frame)
            }
            NextOfPage::Frame(frame, true) => {
                let end = *end;
                self.end_page(end);
                Some(frame)
            }
            NextOfPage::GivenWay => {
                // It is read again, from the last frame on.
                self.page = None;
                None
            }
        }
    }

    fn end_page(&mut self, end: PageEnd) {
        self.page = None;
        self.last = end.last;
        self.deleted |= end.deleted;
    }

    /// The live frame, if it is new and matches the filter.
    fn take(&mut self, frame: &BacklogFrame) -> Option<Arc<Frame>> {
        let Some(frame) = frame.get() else {
            // It has given way to newer ones: the log has it.
            self.replayed = true;
            self.lagged = true;
            return None;
        };
        self.accept(&frame).then_some(frame)
    }

    /// Notes the position of a live frame; whether it is new and matches the filter.
    fn accept(&mut self, frame: &Frame) -> bool {
        match &frame.payload {
            Payload::Event(event) if event.sequence <= self.last => false,
            Payload::Event(event) => {
                self.last = event.sequence;
                self.replayed = false;
                self.deleted |= is_deletion(event);
                self.filter.matches(event)
            }
            Payload::Chunk(chunk) => self.filter.matches_chunk(chunk),
        }
    }

    /// The ring has overflowed. While the client was still reading the log, or when it was overtaken by many
    /// bytes and not by many frames, that is no fault of its own: it reads on from there.
    fn rejoin(&mut self) -> Result<(), SubscriptionEnd> {
        if !self.replayed && !self.reads_log {
            return Err(SubscriptionEnd::Lagged);
        }
        self.live = self.hub.ring().subscribe();
        Ok(())
    }

    async fn read_page(&mut self) -> Result<(), SubscriptionEnd> {
        let read_after = match self.last.index {
            u32::MAX => self.last.seq,
            _ => self.last.seq.saturating_sub(1),
        };
        let pause = (self.empty_reads > 0).then_some(READ_PAUSE);
        let ring = self.hub.ring();
        let reading = self.reading.get_or_insert_with(|| {
            let mut reading = JoinSet::new();
            reading.spawn(read_log(Arc::clone(ring), read_after, pause));
            reading
        });
        let read = reading.join_next().await;
        self.reading = None;
        self.replayed = true;
        let entries = match read {
            Some(Ok(Ok(entries))) => entries,
            Some(Ok(Err(error))) => {
                warn!(error = %ErrorChain(&error), "log not read");
                Vec::new()
            }
            Some(Err(error)) => {
                warn!(%error, "log not read");
                Vec::new()
            }
            None => Vec::new(),
        };
        self.empty_reads = match entries.is_empty() {
            true => self.empty_reads + 1,
            false => 0,
        };
        if self.empty_reads > EMPTY_READS_MAX {
            return Err(SubscriptionEnd::LogUnreadable);
        }
        let (frames, end) = page_of(&ring.world, &entries, self.last, &self.filter);
        if frames.is_empty() {
            self.end_page(end);
        } else {
            self.page = Some((ring.pages.add(frames), end));
        }
        Ok(())
    }
}

/// Reads a page of the log, in its turn.
async fn read_log(
    ring: Arc<Ring>,
    after: Seq,
    pause: Option<Duration>,
) -> Result<Vec<Entry>, bus::Error> {
    if let Some(pause) = pause {
        sleep(pause).await;
    }
    let _place = ring.pages.begin_read().await;
    let log = ring.bus.log();
    log.read_page(&ring.world, after, PAGE_COMMITS_MAX, PAGE_BYTES)
        .await
}

/// Whether the log reaches to the position `after`, and nothing of it after that is missing. A world's log begins
/// anywhere in the sequence that all worlds share: what is before its first commit means its beginning, unless
/// it is of an earlier world of this id, whose deletion the log begins with.
async fn is_in_log(ring: &Ring, joined_at: Position, after: Position) -> Result<bool, Problem> {
    if after.seq == 0 {
        return Ok(true);
    }
    let log = ring.bus.log();
    if after.seq > joined_at.seq {
        // Another gateway may have been faster than this one.
        let next = log.read_some(&ring.world, after.seq - 1, 1).await?;
        return Ok(!next.is_empty());
    }
    Ok(match log.start(&ring.world).await? {
        Some(start) => start
            .earlier_deleted_at
            .is_none_or(|deleted_at| deleted_at <= after.seq),
        // A replica that lags behind may not have it yet, but then the hub has seen it.
        None => after.seq == joined_at.seq,
    })
}
