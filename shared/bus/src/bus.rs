//! The connection to NATS, and a client for each thing that it is used for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::kv;
use contract::subject::WORLD_GROUP;
use contract::{CommandId, Timestamp};
use futures::future::BoxFuture;
use tracing::warn;
use uuid::{ContextV7, Uuid};

use crate::clock_reader::ClockReader;
use crate::connection::Connection;
use crate::error_chain::error_chain;
use crate::owners::Owners;
use crate::provision::{Buckets, provision};
use crate::{
    ArchiveClient, Config, ConnectionRegistry, CustomActionRegistry, DeadLetters, Error,
    EventPublisher, Log, McpDirectory, Membership, Monitor, PastSnapshots, Reserve, Responder,
    Schedules, Signals, Snapshots, StreamReader, Weights, WorkQueue, WorldClient, WorldSpecs,
};

/// Pause before the streams are set up again while NATS is unavailable.
const SET_UP_PAUSE: Duration = Duration::from_millis(250);

/// A connection to NATS on which everything this project uses is set up. Cheap to clone, like each of
/// its clients.
#[derive(Clone)]
pub struct Bus(Arc<Clients>);

struct Clients {
    connection: Arc<Connection>,
    _clock_reader: ClockReader,
    command_ids: Mutex<ContextV7>,
    worlds: WorldClient,
    log: Log,
    work_queue: WorkQueue,
    schedules: Schedules,
    snapshots: Snapshots,
    past_snapshots: PastSnapshots,
    weights: Weights,
    world_specs: WorldSpecs,
    connection_registry: ConnectionRegistry,
    custom_actions: CustomActionRegistry,
    signals: Signals,
    event_publisher: EventPublisher,
    archive: ArchiveClient,
    mcp_directory: McpDirectory,
    dead_letters: DeadLetters,
    responder: Responder,
    reserve: Reserve,
    leases: kv::Store,
}

impl Bus {
    /// Connects, and returns once every stream and bucket is there. While NATS is unavailable it
    /// waits: bound it with a timeout where that is wrong.
    ///
    /// `name` is what NATS calls this client in its own reports.
    ///
    /// # Errors
    /// [`Error::Connect`] when the address or the credentials are invalid.
    pub fn connect<'a>(config: &'a Config, name: &'a str) -> BoxFuture<'a, Result<Self, Error>> {
        Box::pin(Self::open(config, name))
    }

    async fn open(config: &Config, name: &str) -> Result<Self, Error> {
        let connection = Connection::open(config, name).await?;
        let connection = Arc::new(connection);
        loop {
            let set_up = async {
                let buckets = Box::pin(provision(&connection.jetstream, config.replicas)).await?;
                let read = connection.read_clock().await;
                read.map_err(|e| Error::broker("read the clock", e))?;
                Ok::<_, Error>(buckets)
            };
            match set_up.await {
                Ok(buckets) => return Ok(Self::new(connection, buckets, config.replicas)),
                Err(error) => warn!(error = %error_chain(&error), "streams are not set up yet"),
            }
            tokio::time::sleep(SET_UP_PAUSE).await;
        }
    }

    fn new(connection: Arc<Connection>, buckets: Buckets, replicas: usize) -> Self {
        let now = connection.clock.now();
        let members = Membership::new(buckets.leases.clone(), WORLD_GROUP, now);
        let owners = Owners::observe(members);
        Self(Arc::new(Clients {
            worlds: WorldClient::new(&connection, owners),
            log: Log::new(&connection),
            work_queue: WorkQueue::new(&connection, buckets.claims),
            schedules: Schedules::new(&connection),
            snapshots: Snapshots::new(buckets.snapshots),
            past_snapshots: PastSnapshots::new(buckets.past_snapshots),
            weights: Weights::new(&connection, buckets.weights),
            world_specs: WorldSpecs::new(buckets.specs),
            connection_registry: ConnectionRegistry::new(buckets.connections),
            custom_actions: CustomActionRegistry::new(buckets.custom_actions),
            signals: Signals::new(&connection),
            event_publisher: EventPublisher::new(&connection),
            archive: ArchiveClient::new(&connection),
            mcp_directory: McpDirectory::new(&connection),
            dead_letters: DeadLetters::new(&connection),
            responder: Responder::new(&connection),
            reserve: Reserve::new(&connection, replicas),
            leases: buckets.leases,
            command_ids: Mutex::new(ContextV7::new()),
            _clock_reader: ClockReader::start(&connection),
            connection,
        }))
    }

    /// Whether it is connected now.
    pub fn is_connected(&self) -> bool {
        self.0.connection.state() == State::Connected
    }

    /// Whether it is connected now, for a health page.
    ///
    /// # Errors
    /// The state of the connection when it is not.
    pub fn check(&self) -> Result<(), String> {
        match self.0.connection.state() {
            State::Connected => Ok(()),
            state => Err(state.to_string()),
        }
    }

    /// The time by the clock of NATS, which all processes share: that of a commit, a deadline or a schedule is by this
    /// clock, and never by that of a machine, which may be wrong.
    pub fn now(&self) -> Timestamp {
        self.0.connection.clock.now()
    }

    /// An id for a new command, with the time by the clock of NATS: a world refuses commands that are too old.
    pub fn new_command_id(&self) -> CommandId {
        let milliseconds = self.now().as_unix_ms();
        let (seconds, rest) = (milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000));
        let ids = self.0.command_ids.lock();
        let ids = ids.unwrap_or_else(PoisonError::into_inner);
        let nanoseconds = u32::try_from(rest * 1_000_000).unwrap_or_default();
        let seconds = u64::try_from(seconds).unwrap_or_default();
        let time = uuid::Timestamp::from_unix(&*ids, seconds, nanoseconds);
        CommandId(Uuid::new_v7(time))
    }

    /// Returns once NATS has read what was published and subscribed over this connection so far: it replies to a
    /// request that is sent behind all of that.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is disconnected, or does not reply.
    pub async fn flush(&self) -> Result<(), Error> {
        let replied = self.0.connection.read_clock().await;
        replied.map_err(|e| Error::broker("flush", e))
    }

    /// Sends commands to worlds and reads their states.
    pub fn worlds(&self) -> &WorldClient {
        &self.0.worlds
    }

    /// The log of all worlds.
    pub fn log(&self) -> &Log {
        &self.0.log
    }

    /// Reads the samples of streams.
    pub fn streams(&self) -> StreamReader {
        StreamReader::new(self.0.worlds.clone(), self.0.log.clone())
    }

    /// The runs that wait for workers.
    pub fn work_queue(&self) -> &WorkQueue {
        &self.0.work_queue
    }

    /// What is due later.
    pub fn schedules(&self) -> &Schedules {
        &self.0.schedules
    }

    /// The newest state of each world.
    pub fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    /// States of the past of each world.
    pub fn past_snapshots(&self) -> &PastSnapshots {
        &self.0.past_snapshots
    }

    /// What the processors of worlds have learned.
    pub fn weights(&self) -> &Weights {
        &self.0.weights
    }

    /// Descriptions of worlds that are too large for one message.
    pub fn world_specs(&self) -> &WorldSpecs {
        &self.0.world_specs
    }

    /// Which worlds have connections through which gateway.
    pub fn connection_registry(&self) -> &ConnectionRegistry {
        &self.0.connection_registry
    }

    /// The custom actions that workers have registered.
    pub fn custom_actions(&self) -> &CustomActionRegistry {
        &self.0.custom_actions
    }

    /// What is published for those who watch now: chunks and cancellations.
    pub fn signals(&self) -> &Signals {
        &self.0.signals
    }

    /// Publishes single events for programs that subscribe to NATS.
    pub fn event_publisher(&self) -> &EventPublisher {
        &self.0.event_publisher
    }

    /// Queries the archive.
    pub fn archive(&self) -> &ArchiveClient {
        &self.0.archive
    }

    /// The MCP servers that workers know.
    pub fn mcp_directory(&self) -> &McpDirectory {
        &self.0.mcp_directory
    }

    /// What could not be handled.
    pub fn dead_letters(&self) -> &DeadLetters {
        &self.0.dead_letters
    }

    /// Serves the requests that others send.
    pub fn responder(&self) -> &Responder {
        &self.0.responder
    }

    /// Storage that is kept for the deletion of worlds.
    pub fn reserve(&self) -> &Reserve {
        &self.0.reserve
    }

    /// The system as it is now.
    pub fn monitor(&self) -> Monitor {
        Monitor::new(&self.0.connection, self.0.leases.clone())
    }

    /// A membership in `group`, which begins when it is maintained.
    pub fn membership(&self, group: &str) -> Membership {
        Membership::new(self.0.leases.clone(), group, self.now())
    }
}
