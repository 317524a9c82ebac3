//! A world in memory, and what a test does with it.

use std::time::Duration;

use contract::{
    ChatId, Command, CommandRequest, EntityId, Event as StoredEvent, NewEvent, RunId, Target,
    Timestamp, WorldId, WorldSpec,
};
use serde::Serialize;
use serde_json::value::to_raw_value;
use world_file::WorldFile;

use super::error::Error;
use crate::connection::{Connection, MemoryWorld};
use crate::event::Event;
use crate::runner::{Executor, execute_waiting};
use crate::user_code::UserCode;
use crate::worker::Worker;

/// A world in memory, for the tests of workers. See the [module](crate::testing).
pub struct TestWorld {
    id: WorldId,
    pub(super) memory: MemoryWorld,
}

impl TestWorld {
    /// A world with this id and these entities, chats and event types.
    ///
    /// # Errors
    /// [`Error::InvalidId`], or [`Error::Rejected`] when the rules do not allow the spec.
    pub fn new(id: &str, spec: WorldSpec) -> Result<Self, Error> {
        let id = parse_id(id)?;
        Self::apply(WorldFile { id, spec })
    }

    /// The world that a world file describes: YAML or JSON.
    ///
    /// # Errors
    /// [`Error::WorldFile`] names the line or the field at fault; [`Error::Rejected`] when the rules do
    /// not allow what it describes.
    pub fn from_world_file(text: &str) -> Result<Self, Error> {
        let parsed = WorldFile::parse(text);
        Self::apply(parsed.map_err(|source| Error::WorldFile { source })?)
    }

    fn apply(file: WorldFile) -> Result<Self, Error> {
        let id = file.id.clone();
        let memory = MemoryWorld::new(id.clone());
        let mut world = Self { id, memory };
        world.send_command(EntityId::world(), file.into_command())?;
        Ok(world)
    }

    /// The time of the world's clock.
    pub fn now(&self) -> Timestamp {
        self.memory.now()
    }

    /// Sends an event to everyone in the world. Returns the events of the commit.
    ///
    /// # Errors
    /// [`Error::Rejected`] by the world, [`Error::InvalidId`], [`Error::Event`].
    pub fn send(&mut self, sender: &str, event: &impl Event) -> Result<Vec<StoredEvent>, Error> {
        let event = event.encode().map_err(|source| Error::Event { source })?;
        self.send_event(sender, event)
    }

    /// Sends an event to one entity. Returns the events of the commit.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_to(
        &mut self,
        sender: &str,
        target: &str,
        event: &impl Event,
    ) -> Result<Vec<StoredEvent>, Error> {
        let mut event = event.encode().map_err(|source| Error::Event { source })?;
        event.target = Some(Target::Entities(vec![parse_id(target)?]));
        self.send_event(sender, event)
    }

    fn send_event(&mut self, sender: &str, event: NewEvent) -> Result<Vec<StoredEvent>, Error> {
        let (events, message) = (vec![event], None);
        self.command(sender, Command::SendEvents { events, message })
    }

    /// Posts a message in a chat. Returns the events of the commit.
    ///
    /// # Errors
    /// [`Error::Rejected`] by the world, [`Error::InvalidId`].
    pub fn post_message(
        &mut self,
        sender: &str,
        chat: &str,
        text: &str,
    ) -> Result<Vec<StoredEvent>, Error> {
        let chat: ChatId = parse_id(chat)?;
        let text = text.to_owned();
        let in_reply_to = None;
        let command = Command::PostMessage {
            chat,
            text,
            in_reply_to,
        };
        self.command(sender, command)
    }

    /// Requests a run of an action by its name, in the name of the world. Returns its id.
    ///
    /// # Errors
    /// [`Error::Rejected`] by the world, [`Error::InvalidId`], [`Error::Json`].
    pub fn request_action(
        &mut self,
        entity: &str,
        action: &str,
        arguments: &impl Serialize,
    ) -> Result<RunId, Error> {
        let arguments = to_raw_value(arguments).map_err(|source| Error::Json {
            what: format!("the arguments of {action}"),
            source,
        })?;
        let command = Command::RequestAction {
            action: parse_id(action)?,
            entity: parse_id(entity)?,
            arguments: Some(arguments),
            deadline: None,
        };
        let (request, _) = self.send_command(EntityId::world(), command)?;
        Ok(request.event(0).run())
    }

    /// Sends any command. Returns the events of the commit.
    ///
    /// # Errors
    /// [`Error::Rejected`] by the world, [`Error::InvalidId`].
    pub fn command(&mut self, sender: &str, command: Command) -> Result<Vec<StoredEvent>, Error> {
        let (_, events) = self.send_command(parse_id(sender)?, command)?;
        Ok(events)
    }

    pub(super) fn send_command(
        &mut self,
        sender: EntityId,
        command: Command,
    ) -> Result<(contract::CommandId, Vec<StoredEvent>), Error> {
        let id = self.memory.next_command_id();
        let request = CommandRequest {
            id,
            sender,
            command,
            trace: None,
            run: None,
            principal: None,
        };
        let sent = self.memory.command(&request);
        let accepted = sent.map_err(|rejection| Error::Rejected {
            command: name_of(&request.command),
            rejection,
        })?;
        let rows = self.memory.events().into_iter();
        let rows = rows.filter(|row| row.position.seq == accepted.seq && accepted.events > 0);
        Ok((id, rows.map(|row| row.event).collect()))
    }

    /// Advances the clock of the world. What becomes due meanwhile happens at its time: timers fire,
    /// runs exceed their deadlines, approvals expire.
    pub fn advance(&mut self, duration: Duration) {
        self.memory.advance(duration);
    }

    /// Registers the custom actions of the worker, and creates the objects that it has for this world, as
    /// it does when it starts. [`run`] does it too: this is for a test that sends an event to an object, or
    /// applies a behaviour, before.
    ///
    /// # Errors
    /// [`Error::Provision`] when the world rejects an object.
    ///
    /// [`run`]: Self::run
    pub async fn provision(&mut self, worker: &Worker) -> Result<(), Error> {
        self.memory.register_actions(worker.declarations());
        let connection = Connection::Memory(self.memory.clone());
        for object in &worker.objects {
            if object.world == self.id {
                let provisioned = object.provision(&connection).await;
                provisioned.map_err(|source| Error::Provision { source })?;
            }
        }
        Ok(())
    }

    /// Executes the waiting runs with the actions of the worker, and the runs that follow from them,
    /// until none waits that the worker has an action for.
    ///
    /// A run that fails is no error here: the world has an `action.failed` event, see
    /// [`failures`](Self::failures).
    ///
    /// # Errors
    /// [`Error::Provision`]; [`Error::TooManyRuns`] when more than 10,000 runs follow.
    pub async fn run(&mut self, worker: &Worker) -> Result<(), Error> {
        self.provision(worker).await?;
        let connection = Connection::Memory(self.memory.clone());
        let retry = worker.config.retry.clone();
        let executor = Executor::new(connection, retry, Default::default(), UserCode::inline());
        let is_done = execute_waiting(&worker.actions, &executor, &self.memory).await;
        is_done.then_some(()).ok_or(Error::TooManyRuns)
    }
}

pub(super) fn parse_id<T>(text: &str) -> Result<T, Error>
where
    T: std::str::FromStr<Err = contract::id::InvalidId>,
{
    text.parse().map_err(|source| Error::InvalidId { source })
}

/// The name of a command in JSON: that of its only field, or the text itself.
fn name_of(command: &Command) -> String {
    use serde_json::Value;
    match serde_json::to_value(command) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(fields)) => fields.into_iter().next().map_or_else(String::new, |f| f.0),
        _ => String::new(),
    }
}
