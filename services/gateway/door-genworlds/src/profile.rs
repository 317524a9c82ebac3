//! The profile of a world: how it presents itself to clients.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::view::WorldProfile;
use contract::world::WorldDescription;
use contract::{CloudEvent, Fact, Rejection, RejectionCode, Seq};
use door_kit::Problem;
use serde_json::Value;

/// The name, the description and the metadata of a world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) metadata: BTreeMap<String, Value>,
    /// The commit that it was read at.
    pub(crate) seq: Seq,
}

/// The newest profile of a world that a connection has come across.
#[derive(Default)]
pub(crate) struct NewestProfile(Mutex<Profile>);

impl NewestProfile {
    /// Keeps a profile, unless a newer one was read or received.
    pub(crate) fn update(&self, profile: Profile) {
        let mut newest = self.lock();
        if newest.seq <= profile.seq {
            *newest = profile;
        }
    }

    pub(crate) fn get(&self) -> Profile {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Profile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Profile {
    /// The profile in an event of the world itself, if it has one.
    pub(crate) fn from_event(event: &CloudEvent) -> Option<Self> {
        // Most events are others: they are not parsed.
        if !matches!(event.event_type.as_str(), "world.created" | "world.updated") {
            return None;
        }
        match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(Fact::WorldCreated(description) | Fact::WorldUpdated(description))) => {
                Some(Self::new(description, event.seq()))
            }
            _ => None,
        }
    }

    /// The profile in a view.
    ///
    /// # Errors
    /// 410 when the world was deleted: its log outlives it for a while.
    pub(crate) fn from_view(view: WorldProfile<'_>) -> Result<Self, Problem> {
        if view.deleted {
            let detail = format!("the world {} was deleted", view.id);
            return Err(Rejection::new(RejectionCode::WorldDeleted, detail, None).into());
        }
        let description = view.description;
        let description = description.ok_or_else(|| Problem::unknown_world(&view.id))?;
        Ok(Self::new(description.into_owned(), view.seq))
    }

    fn new(description: WorldDescription, seq: Seq) -> Self {
        Self {
            name: description.name,
            description: description.description,
            metadata: description.metadata,
            seq,
        }
    }
}
