//! The connections of entities, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Brain, Entity, EntityId, GatewayId, Timestamp};
use serde::{Deserialize, Serialize};

/// The connections of entities that have had one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Presence {
    entities: BTreeMap<EntityId, Connections>,
}

/// The connections of one entity.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Connections {
    /// The gateways that have some.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    gateways: BTreeSet<GatewayId>,
    /// When its presence ends, while it has none, and is present still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl Presence {
    pub(crate) fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Whether a gateway has a connection of an entity.
    pub(super) fn is_connected(&self, entity: &EntityId, gateway: &GatewayId) -> bool {
        let connections = self.entities.get(entity);
        connections.is_some_and(|connections| connections.gateways.contains(gateway))
    }

    /// The entities of which a gateway has a connection, by id.
    pub(super) fn of_gateway(&self, gateway: &GatewayId) -> impl Iterator<Item = &EntityId> {
        let all = self.entities.iter();
        all.filter(|(_, connections)| connections.gateways.contains(gateway))
            .map(|(entity, _)| entity)
    }

    /// Adds a connection, and returns the end of the grace period that it ends.
    pub(super) fn connect(&mut self, entity: &EntityId, gateway: &GatewayId) -> Option<Timestamp> {
        let connections = self.entities.entry(entity.clone()).or_default();
        connections.gateways.insert(gateway.clone());
        connections.until.take()
    }

    /// Removes the connections that a gateway has. Whether the entity had some, and has none any more:
    /// then it is present until `until`.
    pub(super) fn disconnect(
        &mut self,
        entity: &EntityId,
        gateway: &GatewayId,
        until: Timestamp,
    ) -> bool {
        let Some(connections) = self.entities.get_mut(entity) else {
            return false;
        };
        if !connections.gateways.remove(gateway) || !connections.gateways.is_empty() {
            return false;
        }
        connections.until = Some(until);
        true
    }

    /// Ends the grace period of an entity, and returns when it would have ended.
    pub(super) fn end_grace(&mut self, entity: &EntityId) -> Option<Timestamp> {
        self.entities.get_mut(entity)?.until.take()
    }

    /// Whether an entity is not present: it has had connections, and has had none for the grace period.
    pub(crate) fn is_absent(&self, entity: &EntityId) -> bool {
        let connections = self.entities.get(entity);
        connections.is_some_and(|connections| {
            connections.gateways.is_empty() && connections.until.is_none()
        })
    }

    /// Removes an entity, and returns the end of its grace period, if it is in one.
    pub(super) fn remove(&mut self, entity: &EntityId) -> Option<Timestamp> {
        self.entities.remove(entity)?.until
    }
}

/// Whether the presence of an entity depends on connections: it is an agent whose brain is a client.
pub(super) fn needs_connection(entity: &Entity) -> bool {
    let agent = entity.agent.as_ref();
    agent.is_some_and(|agent| agent.brain == (Brain::Client {}))
}
