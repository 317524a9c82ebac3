//! A commit that is being put together.

use std::collections::HashMap;

use contract::{
    Accepted, CommandId, CommandMark, CommandRequest, Commit, CommitId, Event, Reply, Request,
    Timestamp,
};

use crate::actor::item::Item;
use rules::{self, World};

/// A commit takes no more commands once it has this many events, or bytes.
const COMMIT_EVENTS_MAX: usize = 256;
const COMMIT_BYTES_MAX: usize = 256 * 1024;
/// Nor once it will answer this many requests: those of one that brings nothing new.
const ANSWERS_MAX: usize = 1024;

/// A commit that is being put together, and what its requests will be told.
pub(super) struct Draft {
    pub(super) commit: Commit,
    bytes: usize,
    /// The requests that are taken, in order.
    taken: Vec<(Item, Planned)>,
    places: HashMap<CommandId, Accepted>,
}

/// What a request will be told once the commit is in the log.
pub(super) enum Planned {
    /// The command's events are in this commit; its `seq` is not known yet.
    Committed(Accepted),
    Ready(Reply),
}

impl Draft {
    /// An empty one: what is decided in it happens at `now`.
    pub(super) fn new(now: Timestamp) -> Self {
        let commit = Commit {
            id: CommitId::new(),
            at: now,
            wake: None,
            commands: Vec::new(),
            events: Vec::new(),
        };
        Self {
            commit,
            bytes: 0,
            taken: Vec::new(),
            places: HashMap::new(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.commit.events.len() >= COMMIT_EVENTS_MAX
            || self.bytes >= COMMIT_BYTES_MAX
            || self.taken.len() >= ANSWERS_MAX
    }

    pub(super) fn has_events(&self) -> bool {
        !self.commit.events.is_empty()
    }

    /// Whether there is anything in it that the log must hold.
    pub(super) fn is_stored(&self) -> bool {
        self.has_events() || self.commit.wake.is_some()
    }

    pub(super) fn push(&mut self, item: Item, planned: Planned) {
        self.taken.push((item, planned));
    }

    /// The place of the command that this request repeats, if it is in this draft.
    pub(super) fn place_of(&self, item: &Item) -> Option<Accepted> {
        match &*item.request {
            Request::Command(command) => self.places.get(&command.id).copied(),
            Request::State { .. }
            | Request::Offers { .. }
            | Request::Mind { .. }
            | Request::Context { .. } => None,
        }
    }

    /// Decides a command.
    pub(super) fn take(&mut self, world: &mut World, command: &CommandRequest) -> Planned {
        if let Some(accepted) = self.places.get(&command.id) {
            return Planned::Committed(*accepted);
        }
        match world.lookup_command(command.id) {
            Ok(None) => {}
            Ok(Some(accepted)) => return Planned::Ready(Reply::Accepted(accepted)),
            Err(rejection) => return Planned::Ready(Reply::Rejected(rejection)),
        }
        match rules::step(world, command, self.commit.at) {
            Ok(events) => Planned::Committed(self.add(command.id, events)),
            Err(rejection) => Planned::Ready(Reply::Rejected(rejection)),
        }
    }

    pub(super) fn into_items(self) -> impl Iterator<Item = Item> {
        self.taken.into_iter().map(|(item, _)| item)
    }

    pub(super) fn into_parts(self) -> (Commit, Vec<(Item, Planned)>) {
        (self.commit, self.taken)
    }

    fn add(&mut self, id: CommandId, events: Vec<Event>) -> Accepted {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let accepted = Accepted {
            seq: 0,
            first: count(self.commit.events.len()),
            events: count(events.len()),
        };
        if !events.is_empty() {
            self.bytes += events.iter().map(rules::size_bytes).sum::<usize>();
            self.commit.commands.push(CommandMark {
                id,
                events: accepted.events,
            });
            self.commit.events.extend(events);
        }
        self.places.insert(id, accepted);
        accepted
    }
}
