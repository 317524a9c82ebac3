//! What a world in memory holds, and how a command changes it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use contract::query::EventRow;
use contract::view::{GetEntity, ViewRequest};
use contract::{
    Accepted, Chunk, Command, CommandId, CommandMark, CommandRequest, Commit, CommitId, Entity,
    EntityId, Event, Fact, Position, Rejection, Run, RunId, Sample, StreamRef, Timestamp, WorldId,
};
use rules::{View, World};
use uuid::Uuid;

use super::ids::command_id;

/// When the clock of each world starts, so that times are the same in each run of a test:
/// 2030-01-01T00:00:00Z, a Tuesday.
const START_UNIX_MS: i64 = 1_893_456_000_000;

pub(super) struct State {
    pub(super) world: World,
    pub(super) now: Timestamp,
    /// The events of all commits.
    pub(super) log: Vec<EventRow>,
    /// The runs that wait for a worker, each with the number of its next delivery.
    pub(super) queue: VecDeque<(Run, u32)>,
    pub(super) claims: HashMap<RunId, Uuid>,
    pub(super) chunks: Vec<Chunk>,
    /// What processors have learned, by version.
    pub(super) weights: HashMap<String, Bytes>,
    pub(super) dead_letters: Vec<String>,
    /// How many ids of commands were given out.
    commands: u64,
}

impl State {
    pub(super) fn new(id: WorldId) -> Self {
        Self {
            world: World::new(id),
            now: Timestamp::from_unix_ms(START_UNIX_MS),
            log: Vec::new(),
            queue: VecDeque::new(),
            claims: HashMap::new(),
            chunks: Vec::new(),
            weights: HashMap::new(),
            dead_letters: Vec::new(),
            commands: 0,
        }
    }

    pub(super) fn next_command_id(&mut self) -> CommandId {
        self.commands += 1;
        command_id(self.commands, self.now)
    }

    /// Decides a command, and then what is due.
    pub(super) fn command(&mut self, request: &CommandRequest) -> Result<Accepted, Rejection> {
        if let Some(accepted) = self.world.lookup_command(request.id, self.now)? {
            return Ok(accepted);
        }
        let accepted = self.commit(request)?;
        self.fire_due();
        Ok(accepted)
    }

    pub(super) fn advance(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.world.next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            if !self.fire_due() {
                break;
            }
        }
        self.now = until;
    }

    pub(super) fn received_events(&self, entity: &EntityId, rows_max: usize) -> Vec<EventRow> {
        let is_received = |row: &&EventRow| {
            let event = &row.event;
            let target = event.target.as_ref();
            let is_for = target.is_none_or(|target| target.names(entity));
            event.event_type.built_in().is_none() && (is_for || event.sender == *entity)
        };
        let newest = self.log.iter().rev().filter(is_received).take(rows_max);
        let mut rows: Vec<EventRow> = newest.cloned().collect();
        rows.reverse();
        rows
    }

    pub(super) fn samples(&self, stream: &StreamRef, from: u64, limit: u32) -> Vec<Sample> {
        let appended = self.log.iter().filter_map(|row| {
            let fact = Fact::parse(&row.event.event_type, &row.event.data).ok()??;
            match fact {
                Fact::StreamAppended(appended) if appended.stream == *stream => {
                    Some((row.at, appended))
                }
                _ => None,
            }
        });
        let samples = appended.flat_map(|(at, appended)| appended.into_samples(at));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let wanted = samples.filter(|sample| sample.position >= from);
        wanted.take(limit).collect()
    }

    pub(super) fn entity(&self, id: &EntityId) -> Option<Entity> {
        let request = ViewRequest::Entity(GetEntity { id: id.clone() });
        match rules::view(&self.world, &request) {
            View::Entity(entity) => entity.cloned(),
            _ => None,
        }
    }

    /// Does what is due now. Returns whether something was done.
    fn fire_due(&mut self) -> bool {
        let mut has_fired = false;
        while self.world.next_due().is_some_and(|due| due <= self.now) {
            let request = CommandRequest {
                id: self.next_command_id(),
                sender: EntityId::world(),
                command: Command::FireDue,
                trace: None,
                run: None,
                principal: None,
            };
            // A world that was deleted rejects it.
            match self.commit(&request) {
                Ok(accepted) if accepted.events > 0 => has_fired = true,
                _ => break,
            }
        }
        has_fired
    }

    /// Decides a command and appends its events to the log. A command without events needs no commit.
    fn commit(&mut self, request: &CommandRequest) -> Result<Accepted, Rejection> {
        let events = rules::step(&mut self.world, request, self.now)?;
        let mut accepted = Accepted {
            seq: self.world.seq,
            first: 0,
            events: u32::try_from(events.len()).unwrap_or(u32::MAX),
        };
        if events.is_empty() {
            return Ok(accepted);
        }
        accepted.seq += 1;
        let mark = CommandMark {
            id: request.id,
            events: accepted.events,
        };
        let commit = Commit {
            clock: None,
            rules: rules::VERSION,
            id: CommitId(request.id.0),
            at: self.now,
            wake: None,
            commands: vec![mark],
            events,
        };
        self.world.seal(&commit);
        self.world.mark_durable(accepted.seq, &commit);
        self.append(accepted.seq, commit);
        Ok(accepted)
    }

    fn append(&mut self, seq: contract::Seq, commit: Commit) {
        for (index, event) in (0..).zip(commit.events) {
            self.dispatch(&event);
            self.log.push(EventRow {
                position: Position { seq, index },
                at: commit.at,
                event,
            });
        }
    }

    /// Queues a run that an event requests, and removes one that it ends.
    fn dispatch(&mut self, event: &Event) {
        let Ok(Some(fact)) = Fact::parse(&event.event_type, &event.data) else {
            return;
        };
        let ended = match &fact {
            Fact::ActionCompleted(completed) => completed.run,
            Fact::ActionFailed(failed) => failed.run,
            Fact::ActionCancelled(cancelled) => cancelled.run,
            _ => {
                let run = Run::dispatched_by(&self.world.id, event, fact);
                return self.queue.extend(run.map(|run| (run, 1)));
            }
        };
        self.queue.retain(|(run, _)| run.id != ended);
    }
}
