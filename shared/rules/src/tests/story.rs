//! A world that is driven by a story of commands.

use std::time::Duration;

use contract::run::RunResult;
use contract::{
    Chat, Command, CommandId, CommandMark, CommandRequest, Commit, CommitId, Entity, EntityKind,
    Event, RunId, RunOutcome, Timestamp, WorldSpec,
};
use uuid::{NoContext, Uuid};

use crate::{World, replay, step};

/// A world that is driven by a story, with a log that can be replayed.
pub(super) struct Story {
    pub(super) world: World,
    pub(super) log: Vec<Commit>,
    pub(super) now: Timestamp,
    /// The client that sends its commands.
    pub(super) principal: Option<String>,
}

impl Story {
    pub(super) fn begin(agents: &[&str]) -> Self {
        let world = World::new("w".parse().unwrap());
        let mut story = Self {
            world,
            log: Vec::new(),
            now: Timestamp::from_unix_ms(1_000_000),
            principal: None,
        };
        let mut entities: Vec<Entity> = agents
            .iter()
            .map(|id| entity(id, EntityKind::Agent))
            .collect();
        entities.push(entity("guest", EntityKind::User));
        let chat = Chat::new("main".parse().unwrap());
        let spec = WorldSpec {
            entities,
            chats: vec![chat],
            ..WorldSpec::default()
        };
        story.send("world", Command::CreateWorld(spec)).unwrap();
        story
    }

    pub(super) fn send(
        &mut self,
        sender: &str,
        command: Command,
    ) -> Result<Vec<Event>, contract::Rejection> {
        let id = self.next_id();
        self.send_as(id, sender, command)
    }

    pub(super) fn next_id(&mut self) -> CommandId {
        self.now = self.now + Duration::from_millis(1);
        let seconds = u64::try_from(self.now.as_unix_ms()).unwrap() / 1000;
        let time = uuid::Timestamp::from_unix(NoContext, seconds, 0);
        CommandId(Uuid::new_v7(time))
    }

    pub(super) fn send_as(
        &mut self,
        id: CommandId,
        sender: &str,
        command: Command,
    ) -> Result<Vec<Event>, contract::Rejection> {
        let request = CommandRequest {
            id,
            sender: sender.parse().unwrap(),
            command,
            trace: None,
            run: None,
            principal: self.principal.clone(),
        };
        let events = step(&mut self.world, &request, self.now)?;
        let commit = Commit {
            clock: None,
            rules: 0,
            id: CommitId::new(),
            at: self.now,
            wake: self.world.wake_wanted(self.now),
            commands: vec![CommandMark {
                id,
                events: u32::try_from(events.len()).unwrap(),
            }],
            events: events.clone(),
        };
        self.world.seal(&commit);
        self.world.mark_durable(self.log.len() as u64 + 1, &commit);
        self.log.push(commit);
        Ok(events)
    }

    pub(super) fn say(&mut self, text: &str) -> Vec<Event> {
        self.send("guest", post(text)).unwrap()
    }

    /// The runs that workers have, oldest first.
    pub(super) fn open(&self) -> Vec<RunId> {
        let runs = self.world.runs.iter();
        runs.filter(|(_, run)| !run.queued)
            .map(|(id, _)| id)
            .collect()
    }

    pub(super) fn answer(
        &mut self,
        run: RunId,
        text: &str,
    ) -> Result<Vec<Event>, contract::Rejection> {
        let completed = RunResult {
            message: Some(text.into()),
            ..RunResult::default()
        };
        let outcome = RunOutcome::Completed(completed);
        self.send("world", Command::Complete { run, outcome })
    }

    pub(super) fn replayed(&self) -> World {
        let mut world = World::new("w".parse().unwrap());
        for (seq, commit) in (1..).zip(&self.log) {
            let text = serde_json::to_string(commit).unwrap();
            replay(&mut world, seq, &serde_json::from_str(&text).unwrap()).unwrap();
        }
        world
    }

    pub(super) fn replays(&self) {
        assert_eq!(hash(&self.replayed()), hash(&self.world));
        assert!(self.world.chats.has_exact_index());
    }
}

pub(super) fn entity(id: &str, kind: EntityKind) -> Entity {
    Entity {
        agent: (kind == EntityKind::Agent).then(Default::default),
        ..Entity::new(id.parse().unwrap(), kind)
    }
}

pub(super) fn post(text: &str) -> Command {
    Command::PostMessage {
        chat: "main".parse().unwrap(),
        text: text.into(),
        in_reply_to: None,
    }
}

pub(super) fn types(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect()
}

pub(super) fn hash(world: &World) -> String {
    serde_json::to_string(world).unwrap()
}
