//! The connection of a worker to the worlds whose runs it executes: NATS, or one world in memory.

mod end_watch;
#[cfg(feature = "testing")]
mod memory;

use std::time::Duration;

use bus::{Bus, CommandError, SampleRange, StreamReader};
use bytes::Bytes;
use contract::query::{EventRow, EventsQuery, PAGE_ROWS_MAX};
use contract::view::GetView;
use contract::{
    Accepted, Chunk, CommandId, CommandRequest, EntityId, Position, RunContext, RunId, Sample,
    StreamRef, Timestamp, WorldId,
};
use uuid::Uuid;

pub(crate) use end_watch::{Awaited, EndWatch};
#[cfg(feature = "testing")]
pub(crate) use memory::MemoryWorld;

/// Timeout for the context of a run. A world that is starting replays its log first.
const CONTEXT_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout for one page of samples.
const SAMPLES_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout for the archive. It is short: an action can do without it.
const ARCHIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to worlds. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Connection {
    /// To all worlds of a system, over NATS.
    Bus(Bus),
    /// To one world in this process, for tests.
    #[cfg(feature = "testing")]
    Memory(MemoryWorld),
}

impl Connection {
    /// The clock by which deadlines are checked.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Bus(bus) => bus.now(),
            #[cfg(feature = "testing")]
            Self::Memory(memory) => memory.now(),
        }
    }

    /// An id for a new command.
    pub(crate) fn new_command_id(&self) -> CommandId {
        match self {
            Self::Bus(bus) => bus.new_command_id(),
            #[cfg(feature = "testing")]
            Self::Memory(memory) => memory.next_command_id(),
        }
    }

    /// Sends a command to a world, and returns once it is in the log.
    pub(crate) async fn command(
        &self,
        world: &WorldId,
        request: CommandRequest,
        timeout: Duration,
    ) -> Result<Accepted, CommandError> {
        match self {
            Self::Bus(bus) => bus.worlds().command(world, request, timeout).await,
            #[cfg(feature = "testing")]
            Self::Memory(memory) => memory.command(&request).map_err(CommandError::Rejected),
        }
    }

    /// A view of a world, as it is now.
    pub(crate) async fn view<G: GetView>(
        &self,
        world: &WorldId,
        get: G,
    ) -> Result<G::View, CommandError> {
        match self {
            Self::Bus(bus) => {
                let view = bus.worlds().view(world, get, None, CONTEXT_TIMEOUT).await?;
                Ok(view.view)
            }
            #[cfg(feature = "testing")]
            Self::Memory(memory) => memory.view(world, get),
        }
    }

    /// What a worker needs to know for a run.
    pub(crate) async fn context(
        &self,
        world: &WorldId,
        run: RunId,
    ) -> Result<RunContext, CommandError> {
        match self {
            Self::Bus(bus) => bus.worlds().context(world, run, CONTEXT_TIMEOUT).await,
            #[cfg(feature = "testing")]
            Self::Memory(memory) => memory.context(run).map_err(CommandError::Rejected),
        }
    }

    /// Watches the end of an interaction, or the events of a session.
    pub(crate) async fn watch(
        &self,
        world: &WorldId,
        awaited: Awaited,
    ) -> Result<EndWatch, bus::Error> {
        match self {
            Self::Bus(bus) => {
                let commits = bus.log().subscribe_commits(world).await?;
                Ok(EndWatch::of_log(commits, awaited))
            }
            #[cfg(feature = "testing")]
            Self::Memory(memory) => Ok(EndWatch::of_memory(memory.clone())),
        }
    }

    /// The latest custom events that an entity received, oldest first: at most one page.
    pub(crate) async fn received_events(
        &self,
        world: &WorldId,
        entity: &EntityId,
    ) -> Result<Vec<EventRow>, bus::Error> {
        match self {
            Self::Bus(bus) => {
                let query = EventsQuery {
                    world: world.clone(),
                    after: Position::default(),
                    event_type: None,
                    entity: None,
                    heard_by: Some(entity.clone()),
                    last: true,
                    chat: None,
                    session: None,
                    limit: PAGE_ROWS_MAX,
                    wait_for: None,
                };
                let (rows, _) = bus.archive().query(&query, ARCHIVE_TIMEOUT).await?;
                Ok(rows)
            }
            #[cfg(feature = "testing")]
            Self::Memory(memory) => Ok(memory.received_events(entity, PAGE_ROWS_MAX as usize)),
        }
    }

    /// Samples of a stream from a position on: as many as there are, and at most `limit`.
    pub(crate) async fn read_samples(
        &self,
        world: &WorldId,
        stream: &StreamRef,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Sample>, CommandError> {
        match self {
            Self::Bus(bus) => read_samples(&bus.streams(), world, stream, from, limit).await,
            #[cfg(feature = "testing")]
            Self::Memory(memory) => Ok(memory.samples(stream, from, limit)),
        }
    }

    /// Stores weights of a world's processors, and returns their version.
    pub(crate) async fn store_weights(
        &self,
        world: &WorldId,
        bytes: &Bytes,
    ) -> Result<String, bus::Error> {
        match self {
            Self::Bus(bus) => bus.weights().store(world, bytes).await,
            #[cfg(feature = "testing")]
            Self::Memory(memory) => memory.store_weights(bytes),
        }
    }

    /// Loads a version of the weights of a world's processors, if it is there.
    pub(crate) async fn load_weights(
        &self,
        world: &WorldId,
        version: &str,
    ) -> Result<Option<Bytes>, bus::Error> {
        match self {
            Self::Bus(bus) => bus.weights().load(world, version).await,
            #[cfg(feature = "testing")]
            Self::Memory(memory) => Ok(memory.load_weights(version)),
        }
    }

    /// Claims a run. Returns whether `claimant` has the claim.
    pub(crate) async fn claim(&self, run: RunId, claimant: Uuid) -> Result<bool, bus::Error> {
        match self {
            Self::Bus(bus) => bus.work_queue().claim(run, claimant).await,
            #[cfg(feature = "testing")]
            Self::Memory(memory) => Ok(memory.claim(run, claimant)),
        }
    }

    /// Publishes a chunk to subscribers. It may be lost.
    pub(crate) async fn publish_chunk(&self, world: &WorldId, chunk: Chunk) {
        match self {
            Self::Bus(bus) => bus.signals().publish_chunk(world, &chunk).await,
            #[cfg(feature = "testing")]
            Self::Memory(memory) => memory.publish_chunk(chunk),
        }
    }
}

/// Reads pages until all samples are there that are wanted, or all that there are.
async fn read_samples(
    reader: &StreamReader,
    world: &WorldId,
    stream: &StreamRef,
    from: u64,
    limit: u32,
) -> Result<Vec<Sample>, CommandError> {
    let end = from.saturating_add(u64::from(limit));
    let mut samples = Vec::new();
    let mut next = from;
    while next < end {
        let range = SampleRange {
            stream: stream.clone(),
            from: next,
            to: None,
            limit: u32::try_from(end - next).unwrap_or(limit),
        };
        let page = reader.read(world, &range, None, SAMPLES_TIMEOUT).await?;
        if page.samples.is_empty() {
            break;
        }
        samples.extend(page.samples);
        next = page.next;
    }
    Ok(samples)
}
