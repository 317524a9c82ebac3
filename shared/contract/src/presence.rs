//! The events of connections, which gateways report, and of the presence that they give.

use serde::{Deserialize, Serialize};

use crate::id::{EntityId, GatewayId};

/// See [`Fact::EntitiesConnected`](crate::Fact::EntitiesConnected).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntitiesConnected {
    /// The gateway that has their connections.
    pub gateway: GatewayId,
    /// Agents whose brain is a client.
    pub entities: Vec<EntityId>,
}

/// See [`Fact::EntitiesDisconnected`](crate::Fact::EntitiesDisconnected).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntitiesDisconnected {
    /// The gateway that had their connections.
    pub gateway: GatewayId,
    /// Those of which it has none any more.
    pub entities: Vec<EntityId>,
}

/// See [`Fact::PresenceEnded`](crate::Fact::PresenceEnded).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresenceEnded {
    /// Those that have had no connection for the grace period.
    pub entities: Vec<EntityId>,
}
