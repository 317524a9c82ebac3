//! What the connections to one world share: as whom they act, what was brought into the world, and what was
//! received of it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::{EntityId, WorldId};
use door_kit::PrincipalId;

use crate::recent_events::RecentEvents;

/// Worlds that are kept without connections, so that clients which come back soon find what they left.
const IDLE_MAX: usize = 64;

/// The worlds with connections to this gateway.
#[derive(Default)]
pub(crate) struct Worlds(Mutex<HashMap<WorldId, Arc<WorldClients>>>);

/// What the connections to one world share.
#[derive(Default)]
pub(crate) struct WorldClients {
    entities: Mutex<Entities>,
    recent: Mutex<RecentEvents>,
    /// Whether a client has sent screens.
    sends_screens: AtomicBool,
}

#[derive(Default)]
struct Entities {
    /// How many connections act as each.
    claims: HashMap<EntityId, usize>,
    /// Those that clients brought, as far as connections have come across them.
    brought: HashSet<EntityId>,
    /// Those of them that are worlds which clients run.
    worlds: HashSet<EntityId>,
    /// How many each principal brought.
    brought_by: HashMap<PrincipalId, usize>,
}

/// That a connection acts as an entity, until it is dropped.
pub(crate) struct Claim {
    clients: Arc<WorldClients>,
    entity: EntityId,
}

impl Worlds {
    pub(crate) fn clients(&self, world: &WorldId) -> Arc<WorldClients> {
        let mut worlds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clients) = worlds.get(world) {
            return Arc::clone(clients);
        }
        let is_idle = |clients: &Arc<WorldClients>| Arc::strong_count(clients) == 1;
        let idle = worlds.values().filter(|clients| is_idle(clients));
        if idle.count() >= IDLE_MAX {
            worlds.retain(|_, clients| !is_idle(clients));
        }
        let clients = Arc::default();
        worlds.insert(world.clone(), Arc::clone(&clients));
        clients
    }
}

impl WorldClients {
    /// Notes that a connection acts as an entity.
    pub(crate) fn claim(self: &Arc<Self>, entity: &EntityId) -> Claim {
        *self.entities().claims.entry(entity.clone()).or_default() += 1;
        Claim {
            clients: Arc::clone(self),
            entity: entity.clone(),
        }
    }

    /// Notes an entity that a client brought.
    pub(crate) fn note(&self, entity: &EntityId, is_world: bool) {
        let mut entities = self.entities();
        entities.brought.insert(entity.clone());
        if is_world {
            entities.worlds.insert(entity.clone());
        }
    }

    /// Whether an entity was brought by a client, and no connection acts as it: it may be anybody who only
    /// receives.
    pub(crate) fn is_unclaimed(&self, entity: &EntityId) -> bool {
        let entities = self.entities();
        entities.brought.contains(entity) && !entities.claims.contains_key(entity)
    }

    /// Whether an entity was brought by a client.
    pub(crate) fn is_brought(&self, entity: &EntityId) -> bool {
        self.entities().brought.contains(entity)
    }

    /// Whether there is a connection of this entity.
    pub(crate) fn is_claimed(&self, entity: &EntityId) -> bool {
        self.entities().claims.contains_key(entity)
    }

    /// Whether there is a connection of a world that a client runs.
    pub(crate) fn has_client_world(&self) -> bool {
        let entities = self.entities();
        let mut worlds = entities.worlds.iter();
        worlds.any(|world| entities.claims.contains_key(world))
    }

    /// Notes that a client sends screens.
    pub(crate) fn note_screens(&self) {
        self.sends_screens.store(true, Ordering::Relaxed);
    }

    /// Whether a client sends screens.
    pub(crate) fn sends_screens(&self) -> bool {
        self.sends_screens.load(Ordering::Relaxed)
    }

    /// Counts one more entity that a principal brings. Whether it may.
    pub(crate) fn count_brought(&self, principal: PrincipalId, max: usize) -> bool {
        let mut entities = self.entities();
        let count = entities.brought_by.entry(principal).or_default();
        let may = *count < max;
        *count += usize::from(may);
        may
    }

    /// Sets how many entities a principal brought at most.
    pub(crate) fn set_brought(&self, principal: PrincipalId, count: usize) {
        self.entities().brought_by.insert(principal, count);
    }

    pub(crate) fn recent(&self) -> MutexGuard<'_, RecentEvents> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entities(&self) -> MutexGuard<'_, Entities> {
        self.entities.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut entities = self.clients.entities();
        if let Some(count) = entities.claims.get_mut(&self.entity) {
            *count -= 1;
            if *count == 0 {
                entities.claims.remove(&self.entity);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_claimed_while_a_connection_acts_as_it() {
        let clients: Arc<WorldClients> = Arc::default();
        let [mic, own]: [EntityId; 2] = ["mic", "own"].map(|id| id.parse().unwrap());
        assert!(!clients.is_unclaimed(&mic));
        clients.note(&mic, false);
        clients.note(&own, true);
        assert!(clients.is_unclaimed(&mic) && !clients.has_client_world());
        let claims = [clients.claim(&mic), clients.claim(&mic)];
        assert!(!clients.is_unclaimed(&mic) && !clients.has_client_world());
        let world = clients.claim(&own);
        assert!(clients.has_client_world() && clients.is_claimed(&own));
        drop(claims);
        drop(world);
        assert!(clients.is_unclaimed(&mic) && !clients.has_client_world());
    }

    #[test]
    fn each_principal_brings_so_many_entities_whatever_connections_it_has() {
        let worlds = Worlds::default();
        let world = "lobby".parse().unwrap();
        let [one, other] = [1, 2].map(|fingerprint| PrincipalId::ApiKey { fingerprint });
        for n in 0..5 {
            assert_eq!(worlds.clients(&world).count_brought(one, 3), n < 3);
        }
        assert!(worlds.clients(&world).count_brought(other, 3));
        worlds.clients(&world).set_brought(one, 2);
        assert!(worlds.clients(&world).count_brought(one, 3));
    }

    #[test]
    fn some_worlds_without_connections_are_kept() {
        let worlds = Worlds::default();
        let open = worlds.clients(&"open".parse().unwrap());
        for n in 0..3 * IDLE_MAX {
            worlds.clients(&format!("w{n}").parse().unwrap());
            assert!(worlds.0.lock().unwrap().len() <= IDLE_MAX + 2);
        }
        assert!(Arc::ptr_eq(
            &open,
            &worlds.clients(&"open".parse().unwrap())
        ));
    }
}
