//! A world in memory, with what a worker otherwise finds at the broker and in the archive.

mod ids;
mod state;
mod waits;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::CommandError;
use bytes::Bytes;
use contract::behaviour::{DeclaredAction, DiagramFormat};
use contract::flow::SessionView;
use contract::query::EventRow;
use contract::view::{GetDiagram, GetSession, GetView};
use contract::{
    Accepted, ActionName, Chunk, CommandId, CommandRequest, Entity, EntityId, Rejection, Run,
    RunContext, RunId, Sample, StreamRef, Timestamp, WorldId,
};
use uuid::Uuid;

use state::State;
use waits::Waits;

use crate::error::Error;

/// A world in memory: its clock stands still until it is advanced. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MemoryWorld {
    state: Arc<Mutex<State>>,
    waits: Arc<Waits>,
}

impl MemoryWorld {
    /// A world with an empty log.
    pub(crate) fn new(id: WorldId) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new(id))),
            waits: Arc::default(),
        }
    }

    /// The time of the world's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// Advances the clock, and does what becomes due meanwhile, each at its time.
    pub(crate) fn advance(&self, duration: Duration) {
        self.lock().advance(duration);
    }

    /// An id for the next command. The same commands get the same ids in each run of a test.
    pub(crate) fn next_command_id(&self) -> CommandId {
        self.lock().next_command_id()
    }

    /// Sets the custom actions that a worker has registered.
    pub(crate) fn register_actions(&self, actions: Vec<DeclaredAction>) {
        self.lock().world.set_registered_actions(actions.into());
    }

    /// Decides a command and commits its events.
    pub(crate) fn command(&self, request: &CommandRequest) -> Result<Accepted, Rejection> {
        self.lock().command(request)
    }

    /// A view of the world as it is now.
    pub(crate) fn view<G: GetView>(
        &self,
        world: &WorldId,
        get: G,
    ) -> Result<G::View, CommandError> {
        let state = self.lock();
        let view = rules::view(&state.world, &get.into_request());
        let text = serde_json::to_string(&view);
        let decoded = text.and_then(|text| serde_json::from_str(&text));
        decoded.map_err(|_| CommandError::Timeout {
            world: world.clone(),
        })
    }

    /// What a worker needs to know for a run.
    pub(crate) fn context(&self, run: RunId) -> Result<RunContext, Rejection> {
        rules::context(&self.lock().world, run)
    }

    /// An entity as it is now.
    pub(crate) fn entity(&self, id: &EntityId) -> Option<Entity> {
        self.lock().entity(id)
    }

    /// A drawing of the behaviour of an entity, in Mermaid.
    pub(crate) fn diagram(&self, entity: EntityId) -> Option<String> {
        let get = GetDiagram {
            entity,
            format: DiagramFormat::Mermaid,
        };
        match rules::view(&self.lock().world, &get.into_request()) {
            rules::View::Diagram(diagram) => diagram,
            _ => None,
        }
    }

    /// A session as it is now, if it is open.
    pub(crate) fn session(&self, get: GetSession) -> Option<SessionView> {
        match rules::view(&self.lock().world, &get.into_request()) {
            rules::View::Session(session) => session.map(|session| *session),
            _ => None,
        }
    }

    /// All events, oldest first.
    pub(crate) fn events(&self) -> Vec<EventRow> {
        self.lock().log.clone()
    }

    /// The latest custom events that an entity received, oldest first.
    pub(crate) fn received_events(&self, entity: &EntityId, rows_max: usize) -> Vec<EventRow> {
        self.lock().received_events(entity, rows_max)
    }

    /// Samples of a stream from a position on.
    pub(crate) fn samples(&self, stream: &StreamRef, from: u64, limit: u32) -> Vec<Sample> {
        self.lock().samples(stream, from, limit)
    }

    /// The runs that wait for a worker, in their order.
    pub(crate) fn waiting_runs(&self) -> Vec<Run> {
        let state = self.lock();
        state.queue.iter().map(|(run, _)| run.clone()).collect()
    }

    /// Takes the first waiting run of one of these actions, with the number of its delivery.
    pub(crate) fn take_run(&self, has_action: impl Fn(&ActionName) -> bool) -> Option<(Run, u32)> {
        let mut state = self.lock();
        let mut waiting = state.queue.iter();
        let index = waiting.position(|(run, _)| has_action(&run.action))?;
        state.queue.remove(index)
    }

    /// Puts a run behind the others, for its delivery number `delivery`.
    pub(crate) fn requeue(&self, run: Run, delivery: u32) {
        self.lock().queue.push_back((run, delivery));
    }

    /// Waits until another run was executed.
    pub(crate) async fn wait_for_run(&self) -> Result<(), Error> {
        self.waits.wait().await
    }

    /// Returns when an attempt waits for another run.
    pub(crate) async fn wait_begun(&self) {
        self.waits.begun().await;
    }

    /// Lets those go on that wait for another run; `executed` says whether there was one.
    pub(crate) fn end_waits(&self, executed: bool) {
        self.waits.end(executed);
    }

    /// Claims a run. Returns whether `claimant` has the claim.
    pub(crate) fn claim(&self, run: RunId, claimant: Uuid) -> bool {
        let mut state = self.lock();
        *state.claims.entry(run).or_insert(claimant) == claimant
    }

    /// Stores weights, and returns their version.
    pub(crate) fn store_weights(&self, bytes: &Bytes) -> Result<String, bus::Error> {
        let version = bus::Weights::version_of(bytes)?;
        let mut state = self.lock();
        state.weights.insert(version.clone(), bytes.clone());
        Ok(version)
    }

    /// Loads a version of weights.
    pub(crate) fn load_weights(&self, version: &str) -> Option<Bytes> {
        self.lock().weights.get(version).cloned()
    }

    /// Stores a chunk.
    pub(crate) fn publish_chunk(&self, chunk: Chunk) {
        self.lock().chunks.push(chunk);
    }

    /// The chunks that were published, oldest first.
    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        self.lock().chunks.clone()
    }

    /// Stores the reason for which a run was given up.
    pub(crate) fn store_dead_letter(&self, reason: String) {
        self.lock().dead_letters.push(reason);
    }

    /// The reasons for which runs were given up, oldest first.
    pub(crate) fn dead_letters(&self) -> Vec<String> {
        self.lock().dead_letters.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
