//! Who must look again when something changes.

use std::collections::{BTreeMap, BTreeSet};

use contract::{EntityId, StreamRef};
use serde::{Deserialize, Serialize};

/// Who must look again when something changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Readers {
    /// Those whose state reads who is in the world.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    roster: BTreeSet<EntityId>,
    /// Those whose state reads which streams there are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    streams: BTreeSet<EntityId>,
    /// Those whose state reads a stream, and those that subscribe to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    by_stream: BTreeMap<StreamRef, BTreeSet<EntityId>>,
    /// The streams of each of these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    by_reader: BTreeMap<EntityId, BTreeSet<StreamRef>>,
    /// Those with links that are connected with the next commit.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    connecting: BTreeSet<EntityId>,
}

impl Readers {
    pub(super) fn set_roster(&mut self, entity: &EntityId, watches: bool) {
        set(&mut self.roster, entity, watches);
    }

    pub(super) fn set_streams(&mut self, entity: &EntityId, watches: bool) {
        set(&mut self.streams, entity, watches);
    }

    pub(super) fn set_connecting(&mut self, entity: &EntityId, is_connecting: bool) {
        set(&mut self.connecting, entity, is_connecting);
    }

    /// Sets the streams that an entity reads.
    pub(super) fn set_read(&mut self, entity: &EntityId, streams: BTreeSet<StreamRef>) {
        self.stop_reading(entity);
        for stream in &streams {
            let readers = self.by_stream.entry(stream.clone()).or_default();
            readers.insert(entity.clone());
        }
        if !streams.is_empty() {
            self.by_reader.insert(entity.clone(), streams);
        }
    }

    /// Adds a stream to those that an entity reads.
    pub(super) fn add_read(&mut self, entity: &EntityId, stream: &StreamRef) {
        let readers = self.by_stream.entry(stream.clone()).or_default();
        readers.insert(entity.clone());
        let streams = self.by_reader.entry(entity.clone()).or_default();
        streams.insert(stream.clone());
    }

    fn stop_reading(&mut self, entity: &EntityId) {
        for stream in self.by_reader.remove(entity).unwrap_or_default() {
            if let Some(readers) = self.by_stream.get_mut(&stream) {
                readers.remove(entity);
                if readers.is_empty() {
                    self.by_stream.remove(&stream);
                }
            }
        }
    }

    pub(super) fn roster(&self) -> Vec<EntityId> {
        self.roster.iter().cloned().collect()
    }

    pub(super) fn streams(&self) -> Vec<EntityId> {
        self.streams.iter().cloned().collect()
    }

    pub(super) fn readers_of(&self, stream: &StreamRef) -> Vec<EntityId> {
        let readers = self.by_stream.get(stream).into_iter().flatten();
        readers.cloned().collect()
    }

    pub(super) fn has_connecting(&self) -> bool {
        !self.connecting.is_empty()
    }

    pub(super) fn connecting(&self) -> Vec<EntityId> {
        self.connecting.iter().cloned().collect()
    }

    /// Removes an entity everywhere.
    pub(super) fn remove(&mut self, entity: &EntityId) {
        self.roster.remove(entity);
        self.streams.remove(entity);
        self.connecting.remove(entity);
        self.stop_reading(entity);
    }
}

fn set(entities: &mut BTreeSet<EntityId>, entity: &EntityId, is_in: bool) {
    if is_in {
        entities.insert(entity.clone());
    } else {
        entities.remove(entity);
    }
}
