//! What one client reads of a world: first what it missed, from the log, then what happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::Entry;
use contract::CloudEvent;
use contract::commit::Position;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use service_kit::ErrorChain;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::sleep;
use tracing::warn;

use super::backlog::BacklogFrame;
use super::filter::Filter;
use super::frame::{Frame, Payload};
use super::hub::Hub;
use super::page_budget::PageRoom;
use super::ring::{LiveFrames, Ring};
use crate::close_reason::CloseReason;
use crate::problem::Problem;

/// Pause before the log is read again when its replica lags behind, or could not be read.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// After this many reads in a row without a commit, the subscription ends.
const EMPTY_READS_MAX: u32 = 50;

/// A page of the log, and the room that it takes.
type ReadPage = (PageRoom, Result<Vec<Entry>, bus::Error>);

/// The events of a world for one client, each once and in order.
pub struct Subscription {
    hub: Arc<Hub>,
    filter: Filter,
    start: Start,
    /// Up to where it joined the live frames the log is read.
    live: LiveFrames,
    /// The position of the last event that was returned, or is in `page`.
    last: Position,
    page: VecDeque<Arc<Frame>>,
    /// The memory of `page`, while it has frames.
    room: Option<PageRoom>,
    /// A read in progress. It outlives a caller that stops waiting.
    reading: Option<BoxFuture<'static, ReadPage>>,
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
            page: VecDeque::new(),
            room: None,
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
        let frame = self.page.pop_front();
        if self.page.is_empty() && self.room.take().is_some() {
            // A client that only reads live frames from now on needs no room for a page.
            self.page = VecDeque::new();
        }
        frame
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
                let room = ring.pages.reserve().await;
                let log = ring.bus.log();
                let read = log.read_page(&ring.world, read_after, room.commits, room.bytes);
                let read = read.await;
                (room, read)
            }
            .boxed()
        });
        let (mut room, read) = reading.await;
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
            return Err(SubscriptionEnd::LogUnreadable);
        }
        room.resize(entries.iter().map(|entry| entry.size_bytes()).sum());
        self.add_entries(entries);
        self.room = (!self.page.is_empty()).then_some(room);
        Ok(())
    }

    fn add_entries(&mut self, entries: Vec<Entry>) {
        let mut last = self.last;
        for entry in entries {
            self.add_to_page(&entry, last);
            if self.deleted && last.seq == 0 {
                // The log begins with the deletion of an earlier world: the client has read nothing of that.
                self.page.clear();
                self.deleted = false;
                last = self.last;
            }
            if self.deleted {
                break;
            }
        }
    }

    fn add_to_page(&mut self, entry: &Entry, last: Position) {
        let ring = self.hub.ring();
        let seq = entry.seq;
        match entry.commit() {
            Ok(commit) => {
                for (index, event) in (0..).zip(commit.events) {
                    let position = Position { seq, index };
                    let event = CloudEvent::new(&ring.world, position, commit.at, event);
                    self.deleted |= position > last && is_deletion(&event);
                    if position > last && self.filter.matches(&event) {
                        // Only this client reads it: its text is not kept.
                        let payload = Payload::Event(Box::new(event));
                        self.page.push_back(Arc::new(Frame::new(payload, 0)));
                    }
                }
            }
            Err(error) => warn!(seq, error = %ErrorChain(&error), "malformed commit skipped"),
        }
        self.last = Position::end_of(seq);
    }
}

/// Whether nothing that follows an event is of the same world.
fn is_deletion(event: &CloudEvent) -> bool {
    event.event_type.as_str() == "world.deleted"
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
