//! What a test reads of a world.

use contract::fact::ActionFailed;
use contract::query::EventRow;
use contract::{Chunk, Entity, Fact, Run};
use serde::de::DeserializeOwned;

use super::error::Error;
use super::test_world::{TestWorld, parse_id};
use crate::event::Event;
use crate::object::Object;
use crate::received::Received;

/// What a test reads of the world.
impl TestWorld {
    /// All events, oldest first, with their times and positions in the log.
    pub fn events(&self) -> Vec<EventRow> {
        self.memory.events()
    }

    /// The types of all events, oldest first.
    pub fn event_types(&self) -> Vec<String> {
        let rows = self.events().into_iter();
        rows.map(|row| row.event.event_type.to_string()).collect()
    }

    /// The events of one type, oldest first.
    ///
    /// # Errors
    /// [`Error::Event`] when the data of one do not match the struct.
    pub fn events_of<E: Event>(&self) -> Result<Vec<Received<E>>, Error> {
        let mut found = Vec::new();
        for row in self.events() {
            let decoded = Received::from_event(row.event);
            found.extend(decoded.map_err(|source| Error::Event { source })?);
        }
        Ok(found)
    }

    /// The built-in events, oldest first.
    pub fn facts(&self) -> Vec<Fact> {
        let rows = self.events().into_iter();
        // The world itself has made them, so that they can be decoded.
        let parse = |row: EventRow| Fact::parse(&row.event.event_type, &row.event.data).ok()?;
        rows.filter_map(parse).collect()
    }

    /// The runs that failed, with code and reason, oldest first.
    pub fn failures(&self) -> Vec<ActionFailed> {
        let failed = |fact| match fact {
            Fact::ActionFailed(failed) => Some(failed),
            _ => None,
        };
        self.facts().into_iter().filter_map(failed).collect()
    }

    /// The outputs of the runs that completed with one, oldest first.
    ///
    /// # Errors
    /// [`Error::Json`] when one is not a `T`.
    pub fn outputs<T: DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        let output = |fact| match fact {
            Fact::ActionCompleted(completed) => completed.output,
            _ => None,
        };
        let outputs = self.facts().into_iter().filter_map(output);
        let decode = |output: Box<serde_json::value::RawValue>| serde_json::from_str(output.get());
        outputs
            .map(|output| decode(output).map_err(|source| json("an output", source)))
            .collect()
    }

    /// The messages that were posted in a chat as `sender: text`, oldest first; also those that were
    /// removed later.
    ///
    /// # Errors
    /// [`Error::InvalidId`].
    pub fn transcript(&self, chat: &str) -> Result<Vec<String>, Error> {
        let chat = parse_id(chat)?;
        let posted = |row: EventRow| match Fact::parse(&row.event.event_type, &row.event.data) {
            Ok(Some(Fact::MessagePosted(posted))) if row.event.chat.as_ref() == Some(&chat) => {
                Some(format!("{}: {}", row.event.sender, posted.text))
            }
            _ => None,
        };
        Ok(self.events().into_iter().filter_map(posted).collect())
    }

    /// An entity as it is now; absent if there is none of this id.
    ///
    /// # Errors
    /// [`Error::InvalidId`].
    pub fn entity(&self, id: &str) -> Result<Option<Entity>, Error> {
        Ok(self.memory.entity(&parse_id(id)?))
    }

    /// The state of an object as it is now: the default one if nothing has changed it yet; absent if
    /// there is no such object.
    ///
    /// # Errors
    /// [`Error::InvalidId`]; [`Error::Json`] when the state is not an `O`.
    pub fn object_state<O: Object>(&self, id: &str) -> Result<Option<O>, Error> {
        let Some(entity) = self.entity(id)? else {
            return Ok(None);
        };
        let state = entity.state.map(serde_json::from_value).transpose();
        let state = state.map_err(|source| json(&format!("the state of {id}"), source))?;
        Ok(Some(state.unwrap_or_default()))
    }

    /// A drawing of the behaviour of an entity, in Mermaid; absent if it has none.
    ///
    /// # Errors
    /// [`Error::InvalidId`].
    pub fn behaviour_diagram(&self, id: &str) -> Result<Option<String>, Error> {
        Ok(self.memory.diagram(parse_id(id)?))
    }

    /// The chunks that actions published, oldest first.
    pub fn chunks(&self) -> Vec<Chunk> {
        self.memory.chunks()
    }

    /// The runs that wait for a worker.
    pub fn waiting_runs(&self) -> Vec<Run> {
        self.memory.waiting_runs()
    }

    /// The reasons for which a worker gave runs up: it would have stored each as a dead letter.
    pub fn dead_letters(&self) -> Vec<String> {
        self.memory.dead_letters()
    }
}

fn json(what: &str, source: serde_json::Error) -> Error {
    let what = what.to_owned();
    Error::Json { what, source }
}
