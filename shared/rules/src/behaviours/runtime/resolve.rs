//! The values of wildcards and arguments when a machine runs.

use contract::{EntityId, StreamRef};
use serde_json::{Map, Value, json};

use super::memory::Memory;
use crate::behaviours::action::Action;
use crate::behaviours::wildcards::{Wildcards, resolve};
use crate::entities::require_entity;
use crate::world::World;

/// An entity that does an action, with what it knows.
#[derive(Clone, Copy)]
pub(super) struct Actor<'a> {
    pub(super) world: &'a World,
    pub(super) id: &'a EntityId,
    pub(super) memory: &'a Memory,
}

impl<'a> Actor<'a> {
    pub(super) fn new(world: &'a World, id: &'a EntityId) -> Self {
        /// What an entity knows that has done nothing yet.
        static EMPTY: std::sync::LazyLock<Memory> = std::sync::LazyLock::new(Memory::default);
        let memory = world.behaviours.memory(id).unwrap_or(&EMPTY);
        Self { world, id, memory }
    }

    /// Its role.
    pub(super) fn role(&self) -> Option<&'a str> {
        let entity = self.world.entities.get(self.id)?;
        entity.role.as_ref().map(|role| role.as_str())
    }

    /// The stream of its playlist that is next.
    pub(super) fn next_stream(&self) -> Option<&'a str> {
        let playlist = &self.memory.playlist;
        let count = u64::try_from(playlist.streams.len()).unwrap_or(u64::MAX);
        let place = playlist.position.checked_rem(count)?;
        let place = usize::try_from(place).ok()?;
        playlist.streams.get(place).map(String::as_str)
    }

    /// The stream on which its processor writes.
    pub(super) fn processor(&self) -> String {
        format!("{}:processor", self.id)
    }

    /// The position of the last sample that its processor wrote for the entity itself.
    pub(super) fn own_output(&self) -> Option<u64> {
        let output = self.memory.outputs.get(self.id)?;
        Some(output.last)
    }

    /// The wildcards with their values. What has none stays as text.
    pub(super) fn wildcards(&self) -> Wildcards {
        let mut wildcards = Wildcards::new();
        let mut set = |name: &str, value: Value| wildcards.insert(name.to_owned(), value);
        set("<agent>", json!(self.id));
        set("<world>", json!(EntityId::world()));
        if let Some(role) = self.role() {
            set("<role>", json!(role));
        }
        if let Some(partner) = self.memory.engaged.first() {
            set("<partner>", json!(partner));
        }
        set("<valid_cmp>", json!(self.memory.valid_cmp));
        if let Some(stream) = self.next_stream() {
            set("<playlist>", json!(stream));
        }
        wildcards
    }

    /// The arguments of an action with the values of wildcards.
    pub(super) fn arguments(&self, action: &Action) -> Map<String, Value> {
        resolve(&action.args, &self.wildcards())
    }

    /// The fields of the interaction of an action with the values of wildcards.
    pub(super) fn interaction(&self, action: &Action) -> Map<String, Value> {
        resolve(&action.interaction, &self.wildcards())
    }

    /// The stream of a text: `owner:name`, a name of its own, or an address of the other system.
    pub(super) fn stream(&self, text: &str) -> Option<StreamRef> {
        let text = text.replace("::dm:", ":").replace("::ps:", ":");
        if text.contains(':') {
            return text.parse().ok();
        }
        let name = text.parse().ok()?;
        Some(StreamRef::new(self.id.clone(), name))
    }

    /// The entity of a text: its id, or the only one that people call so.
    pub(super) fn entity(&self, text: &str) -> Option<EntityId> {
        if let Ok(id) = text.parse::<EntityId>()
            && require_entity(self.world, &id, "agent").is_ok()
        {
            return Some(id);
        }
        let mut named = self
            .world
            .entities
            .iter()
            .filter(|entity| entity.name == text);
        match (named.next(), named.next()) {
            (Some(entity), None) => Some(entity.id.clone()),
            _ => None,
        }
    }

    /// The agents that an argument means, those aside that are not there: without it, those that it is
    /// involved with.
    pub(super) fn agents(&self, value: Option<&Value>) -> Vec<EntityId> {
        match value {
            None | Some(Value::Null) => self.memory.involved().iter().cloned().collect(),
            Some(value) => texts(Some(value))
                .iter()
                .filter_map(|text| self.entity(text))
                .collect(),
        }
    }
}

/// The texts of an argument that is one, or a list of them.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text.as_str()],
        // A wildcard in a list may stand for a list.
        Some(Value::Array(items)) => items.iter().flat_map(|item| texts(Some(item))).collect(),
        _ => Vec::new(),
    }
}

/// Whether an argument is `true`.
pub(super) fn is_on(args: &Map<String, Value>, name: &str) -> bool {
    args.get(name) == Some(&Value::Bool(true))
}
