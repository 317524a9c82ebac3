//! The entities as which one connection acts. Pure.

use std::collections::HashMap;

use contract::{EntityId, Target};
use door_kit::EntityConnection;

use crate::identity::ClientIdentity;
use crate::world_clients::Claim;

/// Names by which frames call these entities. A client that uses more of them has each read again.
const NAMES_MAX: usize = 1024;

/// The entities as which one connection acts.
#[derive(Default)]
pub(crate) struct Senders {
    by_id: HashMap<EntityId, Sender>,
    by_name: HashMap<String, EntityId>,
    first: Option<EntityId>,
}

struct Sender {
    identity: ClientIdentity,
    _presence: Presence,
}

/// That the connection is of an entity, in its world and in this gateway.
pub(crate) type Presence = Option<(EntityConnection, Claim)>;

impl Senders {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The entity for which the connection has acted first.
    pub(crate) fn first(&self) -> Option<&ClientIdentity> {
        Some(&self.by_id.get(self.first.as_ref()?)?.identity)
    }

    /// The entity that frames call so.
    pub(crate) fn named(&self, name: &str) -> Option<&ClientIdentity> {
        let id = self.by_name.get(name)?;
        Some(&self.by_id.get(id)?.identity)
    }

    pub(crate) fn contains(&self, id: &EntityId) -> bool {
        self.by_id.contains_key(id)
    }

    /// The first of an event's targets as which the connection acts.
    pub(crate) fn recipient(&self, target: &Target) -> Option<&ClientIdentity> {
        let Target::Entities(entities) = target else {
            return None;
        };
        let found = entities.iter().find_map(|id| self.by_id.get(id))?;
        Some(&found.identity)
    }

    /// Adds an entity, which a frame has called `name`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        identity: ClientIdentity,
        presence: impl FnOnce() -> Presence,
    ) {
        if self.by_name.len() >= NAMES_MAX {
            self.by_name.clear();
        }
        let id = identity.id.clone();
        self.by_name.insert(name.to_owned(), id.clone());
        self.by_name.insert(id.to_string(), id.clone());
        self.first.get_or_insert_with(|| id.clone());
        self.by_id.entry(id).or_insert_with(|| Sender {
            identity,
            _presence: presence(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(id: &str, name: &str) -> ClientIdentity {
        ClientIdentity {
            id: id.parse().unwrap(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn an_entity_is_known_by_its_id_and_by_what_frames_call_it() {
        let mut senders = Senders::default();
        assert!(senders.is_empty() && senders.first().is_none());
        senders.add("Ada L", identity("ada", "Ada L"), || None);
        senders.add("bob", identity("bob", "bob"), || None);
        senders.add("ada", identity("ada", "ada"), || None);
        assert_eq!(senders.len(), 2);
        for name in ["Ada L", "ada"] {
            // It keeps the name that came first.
            assert_eq!(senders.named(name).unwrap().name, "Ada L");
        }
        assert!(senders.named("eve").is_none());
        assert_eq!(senders.first().unwrap().id.as_str(), "ada");
        let recipient = |target: &str| {
            let target = target.parse().unwrap();
            let found = senders.recipient(&target);
            found.map(|identity| identity.name.clone())
        };
        assert_eq!(recipient("eve,bob,ada").as_deref(), Some("bob"));
        assert_eq!(recipient("role:ada"), None);
    }

    #[test]
    fn a_bounded_number_of_names_is_kept() {
        let mut senders = Senders::default();
        for n in 0..2 * NAMES_MAX {
            senders.add(&format!("Ada {n}"), identity("ada", "Ada"), || None);
            assert!(senders.by_name.len() <= NAMES_MAX + 2);
            assert!(senders.named("ada").is_some());
        }
    }
}
