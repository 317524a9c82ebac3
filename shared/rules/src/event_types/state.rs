//! The registered types, as the log adds them up.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use contract::EventType;
use contract::ability::EventTypeVersion;
use schema::Schema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schemas::parse_schema;

/// The types that are checked, each with its versions, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct EventTypes {
    versions: BTreeMap<EventType, Vec<Version>>,
}

impl EventTypes {
    pub(crate) fn len(&self) -> usize {
        self.versions.len()
    }

    /// The versions of a type, oldest first, if it is registered.
    pub(crate) fn versions(&self, event_type: &EventType) -> Option<&[Version]> {
        self.versions.get(event_type).map(Vec::as_slice)
    }

    /// The newest version of a type, if it is registered.
    pub(crate) fn newest(&self, event_type: &EventType) -> Option<&Version> {
        self.versions.get(event_type)?.last()
    }

    /// Every type with its versions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&EventType, &[Version])> {
        let types = self.versions.iter();
        types.map(|(event_type, versions)| (event_type, versions.as_slice()))
    }

    pub(super) fn put(&mut self, registered: &EventTypeVersion) {
        let event_type = registered.event_type.clone();
        let versions = self.versions.entry(event_type).or_default();
        let version = Version::new(registered);
        match versions
            .iter_mut()
            .find(|known| known.version == version.version)
        {
            Some(known) => *known = version,
            None => versions.push(version),
        }
    }
}

/// One version of a type. What it is checked with is made of its schema when it is needed first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) version: u32,
    pub(crate) description: String,
    pub(crate) schema: Value,
    #[serde(skip)]
    parsed: OnceLock<Option<Schema>>,
}

impl Version {
    fn new(registered: &EventTypeVersion) -> Self {
        Self {
            version: registered.version,
            description: registered.description.clone(),
            schema: registered.schema.clone(),
            parsed: OnceLock::new(),
        }
    }

    /// None when a schema that was accepted once is none any more: then nothing is checked.
    pub(super) fn parsed(&self) -> Option<&Schema> {
        let parse = || parse_schema(&self.schema, "schema").ok();
        self.parsed.get_or_init(parse).as_ref()
    }
}
