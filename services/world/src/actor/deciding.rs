//! Which of the waiting requests are decided now, and into which commit.

use contract::Request;
use rules::World;

use super::Actor;
use super::append_in_flight::AppendInFlight;
use super::batch_progress::lost_answer;
use super::commit_builder::{CommitBuilder, PlannedReply};
use super::pending_request::PendingRequest;
use super::query::query;
use super::storage_gate;

impl Actor {
    /// Whether a request begins a world behind a deleted one of which something is left.
    fn is_too_early(&self, world: &World, request: &PendingRequest) -> bool {
        request.begins_world()
            && !(self.is_settled() && self.maintenance.is_cleared(world))
            && !world.exists()
    }

    /// Decides the waiting requests, as many as fit in one commit.
    pub(super) fn decide_backlog(&mut self, world: &mut World) {
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
                None if self.storage_gate.is_closed() => {
                    PlannedReply::Ready(storage_gate::refused())
                }
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
}
