//! The entities of which this gateway has connections, and what of that was not reported yet.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::{EntityId, WorldId};
use tokio::sync::Notify;

use super::report::{Connections, Report};

/// The entities of which this gateway has connections.
#[derive(Default)]
pub(crate) struct ConnectedEntities {
    worlds: Mutex<Worlds>,
    changed: Notify,
}

#[derive(Default)]
struct Worlds {
    by_id: HashMap<WorldId, HashMap<EntityId, Connections>>,
    /// Those to which something has to be reported.
    changed: HashSet<WorldId>,
}

/// That a connection is of an entity, until it is dropped.
pub struct EntityConnection {
    entities: Arc<ConnectedEntities>,
    world: WorldId,
    entity: EntityId,
}

impl ConnectedEntities {
    /// A connection is of an entity.
    pub(crate) fn connect(
        self: &Arc<Self>,
        world: &WorldId,
        entity: &EntityId,
    ) -> EntityConnection {
        self.change(world, entity, |connections| connections.open += 1);
        EntityConnection {
            entities: Arc::clone(self),
            world: world.clone(),
            entity: entity.clone(),
        }
    }

    /// Reports an entity with connections once more: its world may not have recorded them, as what the entity
    /// was then.
    pub(crate) fn report_again(&self, world: &WorldId, entity: &EntityId) {
        self.change(world, entity, |connections| {
            connections.is_reported &= connections.open == 0;
        });
    }

    /// Waits until something has to be reported.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The worlds to which something has to be reported: the next call does not return them again.
    pub(super) fn take_changed(&self) -> Vec<WorldId> {
        self.lock().changed.drain().collect()
    }

    /// What has to be reported to a world.
    pub(super) fn report(&self, world: &WorldId) -> Report {
        let worlds = self.lock();
        worlds.by_id.get(world).map(Report::of).unwrap_or_default()
    }

    /// A report was received by its world. Whether this gateway has connections there.
    pub(super) fn mark_reported(&self, world: &WorldId, report: &Report) -> bool {
        let mut worlds = self.lock();
        let entities = worlds.by_id.entry(world.clone()).or_default();
        for entity in &report.connected {
            // Its connections may have ended meanwhile: that is what has to be reported next.
            entities.entry(entity.clone()).or_default().is_reported = true;
        }
        for entity in &report.disconnected {
            if let Some(connections) = entities.get_mut(entity) {
                connections.is_reported = false;
            }
        }
        entities.retain(|_, connections| connections.open > 0 || connections.is_reported);
        let has_changed = entities.values().any(Connections::has_changed);
        let has_connections = !entities.is_empty();
        if !has_connections {
            worlds.by_id.remove(world);
        }
        if has_changed {
            self.mark_changed(worlds, world);
        }
        has_connections
    }

    /// A report was not received: it has to be repeated.
    pub(super) fn mark_unreported(&self, world: &WorldId) {
        self.mark_changed(self.lock(), world);
    }

    /// The world does not know any connection of this gateway any more.
    pub(super) fn forget_reported(&self, world: &WorldId) {
        let mut worlds = self.lock();
        let Some(entities) = worlds.by_id.get_mut(world) else {
            return;
        };
        for connections in entities.values_mut() {
            connections.is_reported = false;
        }
        entities.retain(|_, connections| connections.open > 0);
        self.mark_changed(worlds, world);
    }

    /// No world may know any connection of this gateway any more.
    pub(super) fn forget_all_reported(&self) {
        let worlds: Vec<WorldId> = self.lock().by_id.keys().cloned().collect();
        for world in &worlds {
            self.forget_reported(world);
        }
    }

    fn change(&self, world: &WorldId, entity: &EntityId, change: impl FnOnce(&mut Connections)) {
        let mut worlds = self.lock();
        let entities = worlds.by_id.entry(world.clone()).or_default();
        let connections = entities.entry(entity.clone()).or_default();
        change(connections);
        let has_changed = connections.has_changed();
        if connections.open == 0 && !connections.is_reported {
            entities.remove(entity);
            if entities.is_empty() {
                worlds.by_id.remove(world);
            }
        }
        if has_changed {
            self.mark_changed(worlds, world);
        }
    }

    fn mark_changed(&self, mut worlds: MutexGuard<'_, Worlds>, world: &WorldId) {
        worlds.changed.insert(world.clone());
        drop(worlds);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Worlds> {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for EntityConnection {
    fn drop(&mut self) {
        self.entities
            .change(&self.world, &self.entity, |connections| {
                connections.open = connections.open.saturating_sub(1);
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> (WorldId, EntityId) {
        ("lobby".parse().unwrap(), "ann".parse().unwrap())
    }

    fn connected(entity: &EntityId) -> Report {
        Report {
            connected: vec![entity.clone()],
            ..Report::default()
        }
    }

    fn disconnected(entity: &EntityId) -> Report {
        Report {
            disconnected: vec![entity.clone()],
            ..Report::default()
        }
    }

    #[test]
    fn the_first_connection_and_the_end_of_the_last_are_reported() {
        let (world, ann) = ids();
        let entities = Arc::new(ConnectedEntities::default());
        let first = entities.connect(&world, &ann);
        assert_eq!(entities.take_changed(), std::slice::from_ref(&world));
        let report = entities.report(&world);
        assert_eq!(report, connected(&ann));
        assert!(entities.mark_reported(&world, &report));
        let second = entities.connect(&world, &ann);
        drop(first);
        assert!(entities.take_changed().is_empty());
        drop(second);
        assert_eq!(entities.take_changed(), std::slice::from_ref(&world));
        let report = entities.report(&world);
        assert_eq!(report, disconnected(&ann));
        assert!(!entities.mark_reported(&world, &report));
        assert!(entities.report(&world).is_empty());
    }

    #[test]
    fn a_connection_that_ends_before_its_report_is_not_reported() {
        let (world, ann) = ids();
        let entities = Arc::new(ConnectedEntities::default());
        drop(entities.connect(&world, &ann));
        assert!(entities.report(&world).is_empty());
    }

    #[test]
    fn what_changes_during_a_report_is_reported_after_it() {
        let (world, ann) = ids();
        let entities = Arc::new(ConnectedEntities::default());
        let connection = entities.connect(&world, &ann);
        let report = entities.report(&world);
        entities.take_changed();
        drop(connection);
        assert!(entities.mark_reported(&world, &report));
        assert_eq!(entities.take_changed(), std::slice::from_ref(&world));
        let report = entities.report(&world);
        assert_eq!(report, disconnected(&ann));
        let again = entities.connect(&world, &ann);
        entities.take_changed();
        assert!(entities.mark_reported(&world, &report));
        assert_eq!(entities.take_changed(), std::slice::from_ref(&world));
        assert_eq!(entities.report(&world), connected(&ann));
        drop(again);
    }

    #[test]
    fn an_entity_that_has_become_another_is_reported_again() {
        let (world, ann) = ids();
        let entities = Arc::new(ConnectedEntities::default());
        let _connection = entities.connect(&world, &ann);
        entities.mark_reported(&world, &entities.report(&world));
        entities.take_changed();
        entities.report_again(&world, &ann);
        assert_eq!(entities.take_changed(), std::slice::from_ref(&world));
        assert_eq!(entities.report(&world), connected(&ann));
        // One without connections is nobody's business.
        entities.report_again(&world, &"bob".parse().unwrap());
        assert!(entities.take_changed().is_empty());
    }

    #[test]
    fn what_a_world_has_forgotten_is_reported_again() {
        let (world, ann) = ids();
        let entities = Arc::new(ConnectedEntities::default());
        let _connection = entities.connect(&world, &ann);
        entities.mark_reported(&world, &entities.report(&world));
        entities.take_changed();
        entities.forget_all_reported();
        assert_eq!(entities.take_changed(), std::slice::from_ref(&world));
        assert_eq!(entities.report(&world), connected(&ann));
    }
}
