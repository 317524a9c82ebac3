//! One world that is driven by random commands, under one implementation of the rules.

use std::collections::BTreeMap;

use contract::{
    CommandMark, CommandRequest, Commit, CommitId, EntityId, Event, Rejection, RunId, Seq,
    Timestamp, WorldId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::generator::Generator;

/// What a test needs of an implementation of the rules.
pub(crate) trait Rules {
    type World;

    fn new_world(id: WorldId) -> Self::World;
    fn step(
        world: &mut Self::World,
        request: &CommandRequest,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection>;
    fn wake_wanted(world: &Self::World, now: Timestamp) -> Option<Timestamp>;
    /// Notes that a commit of decided events is in the log.
    fn store(world: &mut Self::World, seq: Seq, commit: &Commit);
    fn replay(world: &mut Self::World, seq: Seq, commit: &Commit);
    fn to_snapshot(world: &Self::World) -> String;
    fn from_snapshot(snapshot: &str) -> Self::World;
    /// Everything that the world answers about itself, as JSON.
    fn views(world: &Self::World, agents: &[EntityId], runs: &[RunId]) -> Views;
}

/// Answers to every question, by what was asked.
pub(crate) type Views = BTreeMap<String, Value>;

/// A world, its log, and who commands it.
pub(crate) struct Session<R: Rules> {
    pub(crate) world: R::World,
    pub(crate) log: Vec<Commit>,
}

impl<R: Rules> Session<R> {
    pub(crate) fn new() -> Self {
        Self {
            world: R::new_world(world_id()),
            log: Vec::new(),
        }
    }

    /// Decides a command, and stores what it makes as a commit of its own.
    pub(crate) fn take(&mut self, request: &str, at: i64) -> Result<Vec<Event>, Rejection> {
        let request: CommandRequest = serde_json::from_str(request).unwrap();
        let now = Timestamp::from_unix_ms(at);
        let events = R::step(&mut self.world, &request, now)?;
        let wake = R::wake_wanted(&self.world, now).filter(|_| !events.is_empty());
        if events.is_empty() {
            return Ok(events);
        }
        let commit = Commit {
            clock: None,
            rules: 0,
            id: CommitId(Uuid::from_u64_pair(1, self.log.len() as u64)),
            at: now,
            wake,
            commands: vec![CommandMark {
                id: request.id,
                events: u32::try_from(events.len()).unwrap(),
            }],
            events: events.clone(),
        };
        let seq = self.log.len() as u64 + 1;
        R::store(&mut self.world, seq, &commit);
        self.log.push(commit);
        Ok(events)
    }

    pub(crate) fn views(&self, generator: &Generator) -> Views {
        R::views(&self.world, &agents(), &runs(generator))
    }

    /// The world that the first commits of the log make.
    pub(crate) fn replayed(log: &[Commit]) -> R::World {
        let mut world = R::new_world(world_id());
        for (seq, commit) in (1..).zip(log) {
            R::replay(&mut world, seq, commit);
        }
        world
    }
}

pub(crate) fn world_id() -> WorldId {
    "random".parse().unwrap()
}

pub(crate) fn agents() -> Vec<EntityId> {
    let agents = crate::world_specs::AGENTS;
    agents.iter().map(|id| id.parse().unwrap()).collect()
}

fn runs(generator: &Generator) -> Vec<RunId> {
    let runs = generator.open_runs();
    runs.iter()
        .map(|id| serde_json::from_value(json!(id)).unwrap())
        .collect()
}
