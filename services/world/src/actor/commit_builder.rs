use std::collections::HashMap;

use contract::{
    Accepted, CommandId, CommandMark, CommandRequest, Commit, CommitId, Event, Reply, Request,
    Timestamp,
};
use rules::{ContextChanges, ContextScope, World};

use super::pending_request::PendingRequest;

/// A commit takes no more commands once it has this many events, or bytes.
const COMMIT_EVENTS_MAX: usize = 256;
const COMMIT_BYTES_MAX: usize = 256 * 1024;
/// Nor once this many requests wait for it: it may be one that brings no new events.
const REQUESTS_MAX: usize = 1024;

/// A commit that is not sent yet, and the requests that wait for it.
pub(super) struct CommitBuilder {
    commit: Commit,
    bytes: usize,
    context_changes: ContextChanges,
    /// In the order in which they were decided.
    requests: Vec<DecidedRequest>,
    accepted: HashMap<CommandId, Accepted>,
}

/// A request, and its reply once the commit is in the log.
pub(super) struct DecidedRequest {
    pub(super) request: PendingRequest,
    pub(super) reply: PlannedReply,
}

/// The reply to a request once the commit is in the log.
pub(super) enum PlannedReply {
    /// The command's events are in this commit; its `seq` is not known yet.
    Accepted(Accepted),
    Ready(Reply),
}

impl CommitBuilder {
    /// An empty commit, decided at `now`, while the clock of this machine shows `clock`.
    pub(super) fn new(now: Timestamp, clock: Timestamp) -> Self {
        let commit = Commit {
            clock: (clock < now).then_some(clock),
            rules: rules::VERSION,
            id: CommitId::new(),
            at: now,
            wake: None,
            commands: Vec::new(),
            events: Vec::new(),
        };
        Self {
            commit,
            bytes: 0,
            context_changes: ContextChanges::default(),
            requests: Vec::new(),
            accepted: HashMap::new(),
        }
    }

    pub(super) fn commit(&self) -> &Commit {
        &self.commit
    }

    pub(super) fn is_full(&self) -> bool {
        self.commit.events.len() >= COMMIT_EVENTS_MAX
            || self.bytes >= COMMIT_BYTES_MAX
            || self.requests.len() >= REQUESTS_MAX
    }

    pub(super) fn has_events(&self) -> bool {
        !self.commit.events.is_empty()
    }

    /// Whether the world is gone once it is in the log.
    pub(super) fn deletes_world(&self) -> bool {
        let deletes = |decided: &DecidedRequest| decided.request.deletes_world();
        self.has_events() && self.requests.iter().any(deletes)
    }

    /// Whether a context may be another without these events.
    pub(super) fn may_change(&self, scope: ContextScope) -> bool {
        self.context_changes.may_change(scope)
    }

    /// Whether there is anything in it that the log must store.
    pub(super) fn must_be_stored(&self) -> bool {
        self.has_events() || self.commit.wake.is_some()
    }

    pub(super) fn set_wake(&mut self, wake: Option<Timestamp>) {
        self.commit.wake = wake;
    }

    pub(super) fn has_accepted(&self, command: CommandId) -> bool {
        self.accepted.contains_key(&command)
    }

    pub(super) fn push(&mut self, request: PendingRequest, reply: PlannedReply) {
        self.requests.push(DecidedRequest { request, reply });
    }

    /// The result of the command that this request repeats, if it is in this commit.
    pub(super) fn accepted(&self, request: &PendingRequest) -> Option<Accepted> {
        match &*request.request {
            Request::Command(command) => self.accepted.get(&command.id).copied(),
            Request::State { .. }
            | Request::Offers { .. }
            | Request::Mind { .. }
            | Request::Context { .. } => None,
        }
    }

    /// The reply to a command that was accepted before, or is too old to be known.
    pub(super) fn recorded(&self, world: &World, id: CommandId) -> Option<PlannedReply> {
        if let Some(accepted) = self.accepted.get(&id) {
            return Some(PlannedReply::Accepted(*accepted));
        }
        let reply = match world.lookup_command(id, self.commit.clock()) {
            Ok(accepted) => Reply::Accepted(accepted?),
            Err(rejection) => Reply::Rejected(rejection),
        };
        Some(PlannedReply::Ready(reply))
    }

    /// Decides a command that is not recorded.
    pub(super) fn decide(&mut self, world: &mut World, command: &CommandRequest) -> PlannedReply {
        match rules::step(world, command, self.commit.at) {
            Ok(events) => PlannedReply::Accepted(self.add_events(command.id, events)),
            Err(rejection) => PlannedReply::Ready(Reply::Rejected(rejection)),
        }
    }

    /// Its requests, to be decided again.
    pub(super) fn into_requests(self) -> impl Iterator<Item = PendingRequest> {
        self.requests.into_iter().map(|decided| decided.request)
    }

    pub(super) fn into_parts(self) -> (Commit, Vec<DecidedRequest>) {
        (self.commit, self.requests)
    }

    fn add_events(&mut self, command: CommandId, events: Vec<Event>) -> Accepted {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let accepted = Accepted {
            seq: 0,
            first: count(self.commit.events.len()),
            events: count(events.len()),
        };
        if !events.is_empty() {
            self.context_changes.add(&events);
            self.bytes += events.iter().map(rules::size_bytes).sum::<usize>();
            self.commit.commands.push(CommandMark {
                id: command,
                events: accepted.events,
            });
            self.commit.events.extend(events);
        }
        self.accepted.insert(command, accepted);
        accepted
    }
}
