//! One active world: a task that turns commands into commits.
//!
//! Requests are decided in the order of their arrival, on the state as it will be, into the next commit.
//! While a commit is being appended to the log, the next one is built. It is sent once the one before is
//! stored, and only then are the requests of that one answered. When an append fails, the state is
//! dropped and loaded again from the log, and the same requests are decided again. Commands that are in
//! the log after all are recognised as repeated. Of an ordered batch, a command that was refused is not
//! decided again once one behind it is in the log.

mod append_in_flight;
mod batch_progress;
mod commit_builder;
mod mailbox;
mod maintenance;
mod next_schedule;
mod past_reads;
mod pending_request;
mod query;
mod recall;
mod recalls;
mod storage_gate;
mod stored_specs;
mod world_clock;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::AppendError;
use contract::{Reply, Request, Seq, Timestamp, WorldId};
use rules::World;
use service_kit::ErrorChain;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use self::append_in_flight::{AppendInFlight, stored};
use self::batch_progress::{BatchProgress, lost_answer};
use self::commit_builder::{CommitBuilder, PlannedReply};
use self::mailbox::Mailbox;
pub(crate) use self::mailbox::{MailboxSender, SendError, mailbox};
use self::maintenance::Maintenance;
use self::next_schedule::wake_for;
use self::past_reads::PastReads;
pub(crate) use self::pending_request::PendingRequest;
use self::query::query;
use self::recalls::Recalls;
use self::storage_gate::StorageGate;
use self::stored_specs::StoredSpecs;
use self::world_clock::{WorldClock, sleep_until};
use crate::loader;
use crate::metrics::AppendOutcome;
use crate::resources::Resources;
use crate::run_contexts::ContextRequest;

/// Requests that may wait to be decided; more wait in the mailbox.
const BACKLOG_MAX: usize = 1024;
/// How long an actor tries to append a commit before it replies to all requests with `unavailable`.
const APPEND_PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two of an actor's own requests to do what is due, should the first not have done all.
const FIRE_DUE_PAUSE: Duration = Duration::from_millis(10);
/// Pause before an append of unknown outcome is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// One active world.
pub(crate) struct Actor {
    resources: Arc<Resources>,
    id: WorldId,
    mailbox: Mailbox,
    /// Requests that are not decided yet.
    backlog: VecDeque<PendingRequest>,
    /// Whether one of them is this actor's own, to do what is due.
    fire_due_queued: bool,
    /// The next commit, which is sent once the one in flight is stored.
    builder: Option<CommitBuilder>,
    in_flight: Option<AppendInFlight>,
    batch_progress: BatchProgress,
    /// Since when no append has succeeded.
    failing_since: Option<Instant>,
    storage_gate: StorageGate,
    past_reads: PastReads,
    recalls: Recalls,
    stored_specs: StoredSpecs,
    maintenance: Maintenance,
    clock: WorldClock,
}

impl Actor {
    pub(crate) fn new(resources: Arc<Resources>, id: WorldId, mailbox: Mailbox) -> Self {
        Self {
            maintenance: Maintenance::new(resources.clone()),
            past_reads: PastReads::new(resources.clone()),
            recalls: Recalls::new(resources.clone()),
            stored_specs: StoredSpecs::new(resources.clone(), id.clone()),
            resources,
            id,
            mailbox,
            backlog: VecDeque::new(),
            fire_due_queued: false,
            builder: None,
            in_flight: None,
            batch_progress: BatchProgress::default(),
            failing_since: None,
            storage_gate: StorageGate::default(),
            clock: WorldClock::default(),
        }
    }

    /// Serves the world until it has been idle, or the mailbox is closed.
    pub(crate) async fn run(mut self) {
        let started = Instant::now();
        let result = match loader::load(&self.resources.bus, &self.id, 0).await {
            Ok(mut world) => {
                let metrics = &self.resources.metrics;
                let seconds = started.elapsed().as_secs_f64();
                metrics.activation_seconds.record(seconds, &[]);
                metrics.worlds_active.add(1, &[]);
                self.maintenance.on_activated(&world);
                let served = self.serve(&mut world).await;
                if served.is_ok() {
                    self.maintenance.save_last_snapshot(&world).await;
                }
                self.maintenance.finish().await;
                self.past_reads.finish().await;
                self.stored_specs.finish().await;
                self.resources.metrics.worlds_active.add(-1, &[]);
                served.map_err(|error| ErrorChain(&error).to_string())
            }
            Err(error) => Err(ErrorChain(&error).to_string()),
        };
        if let Err(reason) = result {
            error!(world.id = %self.id, error = %reason, "world unavailable");
            self.reply_unavailable(reason).await;
        }
    }

    async fn serve(&mut self, world: &mut World) -> Result<(), AppendError> {
        let mut context_requests = self.resources.run_contexts.serve(self.id.clone());
        let mut fire_due_not_before = Instant::now();
        loop {
            if self.is_settled() {
                self.failing_since.take_if(|_| self.backlog.is_empty());
                let now = self.now(world);
                self.maintenance.run(world, now).await;
                self.stored_specs.remove_applied(world, &self.backlog);
                if self.is_successor_next(world) {
                    self.maintenance.clear(world).await;
                }
            }
            self.decide_backlog(world);
            if self.in_flight.is_none() {
                self.start_append(world).await;
            }
            if self.mailbox.is_drained() && self.is_done() {
                return Ok(());
            }
            let due = self
                .next_due(world)
                .map(|due| self.instant_of(world, due).max(fire_due_not_before))
                .map(|due| due.max(self.storage_gate.opens_at().unwrap_or(due)));
            let idle_at = self.mailbox.idle_at();
            tokio::select! {
                stored = stored(&mut self.in_flight) => match stored {
                    Ok(seq) => self.on_appended(world, seq).await,
                    Err(error) => self.reload(world, error).await?,
                },
                () = self.mailbox.recv(),
                    if !self.mailbox.is_drained() && self.backlog.len() < BACKLOG_MAX =>
                {
                    self.receive(world).await;
                }
                Some(request) = context_requests.next() => self.send_context(world, request),
                () = sleep_until(due), if due.is_some() && !self.fire_due_queued => {
                    fire_due_not_before = Instant::now() + FIRE_DUE_PAUSE;
                    self.queue_fire_due(world);
                }
                () = sleep_until(idle_at), if idle_at.is_some() && self.is_settled() => {
                    self.passivate(world);
                }
                Some(()) = self.past_reads.join_next() => {}
                Some(()) = self.stored_specs.join_next() => {}
                Some(ready) = self.recalls.join_next() => {
                    ready.into_iter().for_each(|request| self.backlog.push_front(request));
                }
            }
        }
    }

    /// Takes what has been received: contexts that are known to be durable are answered at once, so that no
    /// worker waits for a commit that does not concern it.
    async fn receive(&mut self, world: &World) {
        let received: Vec<_> = self.mailbox.take_received().collect();
        for request in received {
            match self.durable_context(world, &request.request) {
                Some(reply) => request.reply(&reply).await,
                None => self.backlog.push_back(request),
            }
        }
    }

    /// The context of a run as the log has it, whether or not the commits that are not stored yet will be.
    /// What is refused is decided in its turn: another owner of the log may know more.
    fn durable_context(&self, world: &World, request: &Request) -> Option<Reply> {
        let Request::Context { run } = request else {
            return None;
        };
        let scope = rules::context_scope(world, *run);
        let mut not_stored = self.not_stored();
        let is_durable = not_stored.all(|builder| !builder.may_change(scope));
        let is_durable = is_durable && world.applying().is_none();
        let context = is_durable.then(|| rules::context(world, *run).ok())?;
        context.map(|context| Reply::Context(Box::new(context)))
    }

    /// Sends the context of a run to the dispatcher, if it is that of the log. The dispatcher has read the
    /// commit: it is stored, though this actor may not know that yet.
    fn send_context(&self, world: &World, request: ContextRequest) {
        let scope = rules::context_scope(world, request.run);
        let mut not_stored = self
            .not_stored()
            .filter(|builder| builder.commit().id != request.commit);
        let is_durable = not_stored.all(|builder| !builder.may_change(scope));
        if is_durable
            && world.applying().is_none()
            && let Ok(context) = rules::context(world, request.run)
        {
            request.reply(context);
        }
    }

    /// The commits that are not known to be stored.
    fn not_stored(&self) -> impl Iterator<Item = &CommitBuilder> {
        let sent = self.in_flight.as_ref().map(AppendInFlight::builder);
        sent.into_iter().chain(&self.builder)
    }

    /// Whether the state is that of the log, as far as this actor knows.
    fn is_settled(&self) -> bool {
        self.in_flight.is_none() && self.builder.is_none()
    }

    /// Whether what is decided next begins a world behind a deleted one of which something is left.
    fn is_successor_next(&self, world: &World) -> bool {
        let next = self.backlog.front();
        next.is_some_and(PendingRequest::begins_world) && !self.maintenance.is_cleared(world)
    }

    /// Whether no request waits for anything.
    fn is_done(&self) -> bool {
        self.is_settled() && self.backlog.is_empty() && self.recalls.is_empty()
    }

    fn next_due(&self, world: &World) -> Option<Timestamp> {
        match world.deleted_at() {
            Some(deleted) => Some(deleted + self.resources.config.deleted_kept),
            None => world.next_due(),
        }
    }

    /// The time `due` of the world on the clock that tasks wait by.
    fn instant_of(&mut self, world: &World, due: Timestamp) -> Instant {
        let clock = self.resources.bus.now();
        self.clock.instant_of(due, world.at, clock)
    }

    fn now(&mut self, world: &World) -> Timestamp {
        self.clock.now(world.at, self.resources.bus.now())
    }

    fn queue_fire_due(&mut self, world: &World) {
        self.fire_due_queued = true;
        let request = PendingRequest::own_fire_due();
        match world.applying() {
            // All others wait for it.
            Some(_) => self.backlog.push_front(request),
            None => self.backlog.push_back(request),
        }
    }

    /// Ends this actor, which is idle, once the broker has a schedule for the next wake.
    fn passivate(&mut self, world: &World) {
        let now = self.now(world);
        if world.wake_wanted(now).is_some_and(|due| due > now) {
            // The broker's last schedule has fired: a commit requests the next one.
            self.queue_fire_due(world);
        } else {
            self.mailbox.close();
        }
    }

    /// Whether a request begins a world behind a deleted one of which something is left.
    fn is_too_early(&self, world: &World, request: &PendingRequest) -> bool {
        request.begins_world()
            && !(self.is_settled() && self.maintenance.is_cleared(world))
            && !world.exists()
    }

    /// Decides the waiting requests, as many as fit in one commit.
    fn decide_backlog(&mut self, world: &mut World) {
        let registered = self.resources.registered_actions.borrow().clone();
        world.set_registered_actions(registered);
        world.set_quota_max(self.resources.config.quota_max);
        while let Some(request) = self.backlog.pop_front() {
            let is_recall_wanted = self.recalls.is_wanted(world, &request);
            if self.must_wait(world, &request)
                || is_recall_wanted && !self.is_settled()
                || self.is_too_early(world, &request)
            {
                self.backlog.push_front(request);
                return;
            }
            if is_recall_wanted {
                self.recalls.spawn(world, request);
                continue;
            }
            if let Some(wanted) = self.stored_specs.wanted(world, &request) {
                self.backlog.push_front(request);
                self.stored_specs.load(wanted);
                return;
            }
            world.set_stored_spec(self.stored_specs.loaded());
            if request.is_own() {
                self.fire_due_queued = false;
            }
            self.decide(world, request);
        }
    }

    fn must_wait(&self, world: &World, request: &PendingRequest) -> bool {
        let builder = self.builder.as_ref();
        if builder.is_some_and(CommitBuilder::is_full) {
            return true;
        }
        if world.applying().is_some() && !request.is_fire_due() {
            // Nobody sees half of a description. While nothing can be stored, commands are refused.
            let is_command = matches!(&*request.request, Request::Command(_));
            return !(is_command && self.storage_gate.is_closed());
        }
        match &*request.request {
            // A state that is read must be in the log.
            Request::State { .. } | Request::Offers { .. } | Request::Mind { .. } => {
                self.in_flight.is_some() || builder.is_some_and(CommitBuilder::has_events)
            }
            // What is due is due now, and a commit has only the time at which it was begun. A deletion has
            // nothing of what was decided before it in its commit, which outlives the world.
            Request::Command(_) if request.is_fire_due() || request.deletes_world() => {
                builder.is_some() || self.maintenance.is_snapshot_due() && !self.is_settled()
            }
            // A snapshot is of a state that is in the log.
            Request::Command(_) | Request::Context { .. } => {
                self.maintenance.is_snapshot_due() && !self.is_settled()
            }
        }
    }

    fn decide(&mut self, world: &mut World, mut request: PendingRequest) {
        if let Some(in_flight) = &mut self.in_flight
            && let Some(accepted) = in_flight.accepted(&request)
        {
            return in_flight.push(request, PlannedReply::Accepted(accepted));
        }
        if let Request::State { at: Some(at), view } = &*request.request
            && *at < world.seq
        {
            let (at, view) = (*at, view.clone());
            return self.past_reads.spawn(request, world.id.clone(), at, view);
        }
        let clock = self.resources.bus.now();
        let now = self.clock.now(world.at, clock);
        if request.is_fire_due() && !request.is_own() {
            world.woken(now);
        }
        let is_decided = self.is_decided(world, &request);
        let recall = request.take_recall();
        world.set_recalled_message(recall.and_then(|recall| recall.found));
        let builder = self
            .builder
            .get_or_insert_with(|| CommitBuilder::new(now, clock));
        let reply = match &*request.request {
            Request::Command(command) => match builder.recorded(world, command.id) {
                Some(reply) => reply,
                None if is_decided => PlannedReply::Ready(lost_answer()),
                None if self.storage_gate.refuses(&request) => storage_gate::refused(),
                None => builder.decide(world, command),
            },
            Request::State { .. }
            | Request::Offers { .. }
            | Request::Mind { .. }
            | Request::Context { .. } => PlannedReply::Ready(query(world, &request.request)),
        };
        world.set_recalled_message(None);
        builder.push(request, reply);
    }

    /// Whether a request is a command of an ordered batch that was decided before.
    fn is_decided(&mut self, world: &World, request: &PendingRequest) -> bool {
        let Some(position) = request.position() else {
            return false;
        };
        let now = self.resources.bus.now();
        let sent = self.in_flight.as_ref().map(AppendInFlight::builder);
        let builders = sent.into_iter().chain(&self.builder);
        self.batch_progress.is_decided(position, |id| {
            builders.clone().any(|builder| builder.has_accepted(id))
                || matches!(world.lookup_command(id, now), Ok(Some(_)))
        })
    }

    /// Sends the next commit to the log, if there is one.
    async fn start_append(&mut self, world: &mut World) {
        if let Some(mut builder) = self.builder.take() {
            let (bus, kept) = (&self.resources.bus, self.resources.config.deleted_kept);
            builder.set_wake(wake_for(world, &builder, kept));
            self.storage_gate.make_space(bus, &builder).await;
            self.in_flight = Some(AppendInFlight::start(bus, world, builder).await);
        }
    }

    /// The commit in flight is in the log at `seq`: answers its requests.
    async fn on_appended(&mut self, world: &mut World, seq: Seq) {
        let Some(append) = self.in_flight.take() else {
            return;
        };
        self.failing_since = None;
        if append.builder().must_be_stored() {
            self.storage_gate.open();
            self.resources.storage.set_stored();
        }
        append.mark_durable(world, seq);
        // The next commit is sent first: to answer takes as long as to append.
        self.start_append(world).await;
        let appended = append.reply(&self.resources, seq).await;
        self.maintenance.on_appended(appended);
    }

    /// Decides all requests that are not in the log again, on the state as the log has it.
    async fn reload(&mut self, world: &mut World, error: AppendError) -> Result<(), AppendError> {
        self.batch_progress = BatchProgress::default();
        self.recalls.on_reloaded();
        let in_flight = self.in_flight.take();
        let sent_at = in_flight.as_ref().and_then(AppendInFlight::storing_since);
        let sent = in_flight.map(AppendInFlight::into_builder);
        let decided = sent.into_iter().chain(self.builder.take());
        let requests: Vec<_> = decided.flat_map(CommitBuilder::into_requests).collect();
        for request in requests.into_iter().rev() {
            self.backlog.push_front(request);
        }
        self.note_failure(&error, sent_at);
        debug!(world.id = %self.id, error = %ErrorChain(&error), "commit not stored, reloading the world");
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if since.elapsed() > APPEND_PATIENCE {
            return Err(error);
        }
        if matches!(error, AppendError::Unknown { .. }) {
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        match loader::load_latest(&self.resources.bus, &self.id).await {
            Ok(loaded) => *world = loaded,
            Err(load_error) => {
                warn!(world.id = %self.id, error = %ErrorChain(&load_error), "world not reloaded");
                return Err(error);
            }
        }
        Ok(())
    }

    /// `sent_at` is when the commit was sent, if it was to be stored.
    fn note_failure(&mut self, error: &AppendError, sent_at: Option<Instant>) {
        let outcome = match error {
            AppendError::Conflict { .. } => AppendOutcome::Conflict,
            AppendError::StorageFull { .. } => AppendOutcome::StorageFull,
            AppendError::Unknown { .. } => AppendOutcome::Unknown,
        };
        self.resources.metrics.count_append(outcome);
        if matches!(outcome, AppendOutcome::StorageFull) {
            let reason = ErrorChain(error).to_string();
            warn!(world.id = %self.id, error = %reason, "commit not stored, commands are refused");
            self.resources.storage.set_full(reason);
            self.storage_gate.close();
        } else if matches!(outcome, AppendOutcome::Unknown)
            && let Some(sent_at) = sent_at
        {
            let reason = ErrorChain(error).to_string();
            self.resources.storage.set_silent(sent_at, reason);
        }
    }

    async fn reply_unavailable(&mut self, reason: String) {
        self.mailbox.close();
        while !self.mailbox.is_drained() {
            self.mailbox.recv().await;
            self.backlog.extend(self.mailbox.take_received());
        }
        let reply = Reply::Unavailable { reason };
        for request in self.backlog.drain(..) {
            request.reply(&reply).await;
        }
    }
}
