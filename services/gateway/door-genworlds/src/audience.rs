//! Which events a connection receives. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::{CloudEvent, EntityId, Target};

use crate::senders::Senders;

/// Which events that are for others a connection receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// All of them.
    All,
    /// All of them until it acts as an entity: objects only react, recorders only receive, and these clients
    /// select by themselves what is for them. From then on those for entities that clients brought and as which
    /// nobody acts: the connection may be one of them, and send in other names only.
    AllUntilIdentified,
    /// None of them: only those for its own entities.
    Own,
}

/// What decides which events a connection receives, beside the entities as which it acts.
pub(crate) struct Audience {
    pub(crate) visibility: Visibility,
    /// The entities as which its client may act, where that is not every one.
    pub(crate) entities: Option<Arc<BTreeSet<EntityId>>>,
    /// Whether its address names the only entity as which it acts.
    pub(crate) is_fixed: bool,
    /// The world that a client may run under the name of ours.
    pub(crate) own_world: Option<EntityId>,
}

impl Audience {
    /// Whether the connection receives an event. Of some entities it is not known who they are.
    pub(crate) fn receives(
        &self,
        event: &CloudEvent,
        senders: &Senders,
        is_unclaimed: impl Fn(&EntityId) -> bool,
    ) -> bool {
        let Some(target) = &event.target else {
            return true;
        };
        let sees_unclaimed = match self.visibility {
            Visibility::All => return true,
            Visibility::AllUntilIdentified if senders.is_empty() => return true,
            Visibility::AllUntilIdentified => !self.is_fixed,
            Visibility::Own => false,
        };
        if self.is_own(&event.sender, senders) {
            return true;
        }
        let Target::Entities(targets) = target else {
            return false;
        };
        let receives = |id: &EntityId| {
            self.is_own(id, senders)
                || self.is_own_world(id, senders)
                || (sees_unclaimed && is_unclaimed(id))
        };
        targets.iter().any(receives)
    }

    fn is_own(&self, id: &EntityId, senders: &Senders) -> bool {
        let mut entities = self.entities.iter().filter(|_| !self.is_fixed);
        senders.contains(id) || entities.any(|entities| entities.contains(id))
    }

    fn is_own_world(&self, id: &EntityId, senders: &Senders) -> bool {
        let own_world = self.own_world.as_ref();
        *id == EntityId::world() && own_world.is_some_and(|own| senders.contains(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::ClientIdentity;
    use crate::mapping::tests::event;

    fn senders(ids: &[&str]) -> Senders {
        let mut senders = Senders::default();
        for id in ids {
            let identity = ClientIdentity {
                id: id.parse().unwrap(),
                name: (*id).to_owned(),
            };
            senders.add(id, identity, || None);
        }
        senders
    }

    /// Whether one that acts as `ids` receives an event of `ada` for `target`. `mic` is nobody's.
    fn receives(audience: &Audience, ids: &[&str], target: Option<&str>) -> bool {
        let mut event = event("a", "{}");
        event.target = target.map(|target| target.parse().unwrap());
        audience.receives(&event, &senders(ids), |id| id.as_str() == "mic")
    }

    fn audience(visibility: Visibility) -> Audience {
        Audience {
            visibility,
            entities: None,
            is_fixed: false,
            own_world: Some("own".parse().unwrap()),
        }
    }

    #[test]
    fn a_connection_receives_what_is_for_those_as_whom_it_acts() {
        use Visibility::{All, AllUntilIdentified, Own};
        for (visibility, ids, target, expected) in [
            (Own, &[][..], None, true),
            (Own, &[], Some("bob"), false),
            (AllUntilIdentified, &[], Some("bob"), true),
            (All, &[], Some("bob"), true),
            (Own, &["bob"], None, true),
            (Own, &["bob"], Some("bob"), true),
            (Own, &["bob"], Some("eve"), false),
            (Own, &["bob", "eve"], Some("eve"), true),
            (Own, &["ada"], Some("eve"), true),
            (AllUntilIdentified, &["bob"], Some("eve"), false),
            (AllUntilIdentified, &["bob"], Some("bob"), true),
            (AllUntilIdentified, &["bob"], Some("role:bob"), false),
            (All, &["bob"], Some("eve"), true),
            // It may be the microphone, which sends in the names of others.
            (AllUntilIdentified, &["bob"], Some("eve,mic"), true),
            (Own, &["bob"], Some("mic"), false),
            // The world of a client has the name of ours.
            (AllUntilIdentified, &["own"], Some("world"), true),
            (AllUntilIdentified, &["bob"], Some("world"), false),
        ] {
            let received = receives(&audience(visibility), ids, target);
            assert_eq!(received, expected, "{visibility:?}: {ids:?} of {target:?}");
        }
    }

    #[test]
    fn a_connection_that_names_its_entity_is_that_one_only() {
        let fixed = Audience {
            is_fixed: true,
            entities: Some(Arc::new(BTreeSet::from(["eve".parse().unwrap()]))),
            ..audience(Visibility::AllUntilIdentified)
        };
        assert!(receives(&fixed, &["bob"], Some("bob")));
        assert!(!receives(&fixed, &["bob"], Some("mic")));
        assert!(!receives(&fixed, &["bob"], Some("eve")));
    }

    #[test]
    fn a_client_that_may_be_some_entities_receives_what_is_for_them() {
        let some = Audience {
            entities: Some(Arc::new(BTreeSet::from(["eve".parse().unwrap()]))),
            ..audience(Visibility::Own)
        };
        assert!(receives(&some, &[], Some("eve")));
        assert!(!receives(&some, &[], Some("bob")));
    }
}
