//! Reads the samples of streams: the world knows where they are, the log has them.

mod collector;
mod cursor;
mod range;

use std::time::Duration;

use contract::stream::StreamAppended;
use contract::view::{GetStreamBatches, StreamBatches, StreamView};
use contract::{Accepted, Fact, Rejection, RejectionCode, Seq, StreamRef, WorldId, subject};
use tokio::time::Instant;

use self::collector::Collector;
use self::cursor::Cursor;
pub use self::range::{SampleRange, Samples};
use crate::log::Entry;
use crate::{CommandError, Error, Log, ViewAt, WorldClient};

/// How long a read waits for a replica of the log that does not have a commit yet.
const LAG_PAUSE: Duration = Duration::from_millis(10);

/// Reads streams from any position. Cheap to clone.
///
/// A reader keeps its own position, and loses nothing however slow it is: the log keeps all samples.
#[derive(Clone)]
pub struct StreamReader {
    worlds: WorldClient,
    log: Log,
}

impl StreamReader {
    pub(crate) fn new(worlds: WorldClient, log: Log) -> Self {
        Self { worlds, log }
    }

    /// Reads samples of a stream, as it is now or as it was after the commit `at`.
    ///
    /// What it costs depends on how many samples it reads, not on how many the stream or the world has.
    ///
    /// # Errors
    /// [`CommandError::Rejected`] with [`RejectionCode::UnknownStream`] when there is no such stream.
    pub async fn read(
        &self,
        world: &WorldId,
        range: &SampleRange,
        at: Option<Seq>,
        deadline: Duration,
    ) -> Result<Samples, CommandError> {
        let until = Instant::now() + deadline;
        let request = GetStreamBatches {
            stream: range.stream.clone(),
            from: range.from,
            limit: range.limit,
        };
        let ViewAt { seq, view } = self.worlds.view(world, request, at, deadline).await?;
        let batches = view.ok_or_else(|| unknown_stream(world, &range.stream))?;
        let length = batches.stream.length;
        // The samples of a recording are those of another stream, at other positions.
        let recorded = batches.stream.range.clone();
        let first = recorded.as_ref().map_or(0, |recorded| recorded.first);
        let range = recorded.map_or_else(|| range.clone(), |recorded| range.within(&recorded));
        let collector = self.collect(world, &range, batches, seq, until).await?;
        let (mut samples, next) = collector.into_parts();
        for sample in &mut samples {
            sample.position -= first;
        }
        Ok(Samples {
            samples,
            next: next - first,
            length,
            seq,
        })
    }

    /// The samples that an accepted command appended. It must have made that event first.
    ///
    /// # Errors
    /// [`CommandError`] while the log can't be read.
    pub async fn appended(
        &self,
        world: &WorldId,
        accepted: Accepted,
        deadline: Duration,
    ) -> Result<StreamAppended, CommandError> {
        let until = Instant::now() + deadline;
        let before = accepted.seq.saturating_sub(1);
        let entries = self.read_log(world, before, 1, until).await?;
        let found = entries.first().filter(|entry| entry.seq == accepted.seq);
        let missing = || unreadable(world, "the commit is not in the log");
        let commit = found.ok_or_else(missing)?.commit();
        let commit = commit.map_err(|error| CommandError::transport(world, error))?;
        let index = usize::try_from(accepted.first).unwrap_or(usize::MAX);
        let event = commit.events.get(index).ok_or_else(missing)?;
        match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(Fact::StreamAppended(appended))) => Ok(appended),
            _ => Err(unreadable(world, "the event is not the one of an append")),
        }
    }

    async fn collect(
        &self,
        world: &WorldId,
        range: &SampleRange,
        batches: StreamBatches<'static>,
        seq: Seq,
        until: Instant,
    ) -> Result<Collector, CommandError> {
        let mut collector = Collector::new(range, end_of(&batches.stream));
        let mut cursor = Cursor::new(batches.commits);
        while !collector.is_done() {
            let (after, count) = cursor.next_read(collector.next());
            let entries = self.read_log(world, after, count, until).await?;
            let mut useful = 0;
            let mut last = after;
            for entry in &entries {
                if entry.seq > seq {
                    return Err(unreadable(world, "samples are missing in the log"));
                }
                let commit = entry.commit();
                let commit = commit.map_err(|error| CommandError::transport(world, error))?;
                let is_useful = collector.take(&commit);
                let is_useful = is_useful.map_err(|reason| unreadable(world, reason))?;
                useful += usize::from(is_useful);
                last = entry.seq;
                if collector.is_done() {
                    break;
                }
            }
            cursor.read(last, entries.len(), useful);
        }
        Ok(collector)
    }

    /// Some commits of the log behind `after`. A replica may lag behind what the world has answered.
    async fn read_log(
        &self,
        world: &WorldId,
        after: Seq,
        count: usize,
        until: Instant,
    ) -> Result<Vec<Entry>, CommandError> {
        loop {
            let entries = self.log.read_some(world, after, count).await;
            let error = match entries {
                Ok(entries) if !entries.is_empty() => return Ok(entries),
                Ok(_) => CommandError::Timeout {
                    world: world.clone(),
                },
                Err(error) => CommandError::transport(world, error),
            };
            if !error.is_transient() || Instant::now() + LAG_PAUSE >= until {
                return Err(error);
            }
            tokio::time::sleep(LAG_PAUSE).await;
        }
    }
}

/// The position behind the last sample, in the stream that holds the samples.
fn end_of(stream: &StreamView<'_>) -> u64 {
    let range = stream.range.as_ref();
    range.map_or(stream.length, |range| range.first + range.length)
}

fn unknown_stream(world: &WorldId, stream: &StreamRef) -> CommandError {
    let detail = format!("there is no stream {stream} in the world {world}");
    let field = Some("stream".to_owned());
    CommandError::Rejected(Rejection::new(RejectionCode::UnknownStream, detail, field))
}

/// The log does not hold what the index of the stream names. A world that was deleted meanwhile is one reason.
fn unreadable(world: &WorldId, reason: &str) -> CommandError {
    let subject = subject::log(world);
    let reason = reason.to_owned();
    CommandError::transport(world, Error::UnexpectedReply { subject, reason })
}
