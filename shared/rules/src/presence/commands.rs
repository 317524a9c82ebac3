//! What gateways report.

use std::collections::BTreeSet;

use contract::{
    EntitiesConnected, EntitiesDisconnected, EntityId, Fact, GatewayId, Rejection, RejectionCode,
};

use super::limits::ENTITIES_MAX;
use super::state::needs_connection;
use crate::decider::Decider;
use crate::rejection::{reject, too_large};
use crate::world::World;

/// Records of which entities a gateway has connections now, and of which it has none any more. Of other
/// entities than those whose presence depends on it, nothing is recorded.
pub(crate) fn report(
    world: &World,
    gateway: &GatewayId,
    (connected, disconnected): (&[EntityId], &[EntityId]),
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_system(decider)?;
    for (field, entities) in [("connected", connected), ("disconnected", disconnected)] {
        if entities.len() > ENTITIES_MAX {
            let detail = format!("more than {ENTITIES_MAX} entities");
            return Err(too_large(detail, Some(field.to_owned())));
        }
    }
    let is_known = |entity: &&EntityId| world.presence.is_connected(entity, gateway);
    let is_new = |entity: &&EntityId| {
        let described = world.entities.get(entity);
        described.is_some_and(needs_connection) && !is_known(entity)
    };
    push_connected(gateway, distinct(connected.iter().filter(is_new)), decider)?;
    let gone = distinct(disconnected.iter().filter(is_known));
    push_disconnected(gateway, gone, decider)
}

/// Ends the connections of a gateway that is not alive: of so many entities as one event may have.
pub(crate) fn end_connections(
    world: &World,
    gateway: &GatewayId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    require_system(decider)?;
    let entities = world.presence.of_gateway(gateway).take(ENTITIES_MAX);
    push_disconnected(gateway, entities.cloned().collect(), decider)
}

fn require_system(decider: &Decider<'_>) -> Result<(), Rejection> {
    if *decider.sender() == EntityId::world() {
        return Ok(());
    }
    let detail = "only the world itself reports connections";
    let field = Some("sender".to_owned());
    Err(reject(RejectionCode::NotAllowed, detail, field))
}

fn distinct<'a>(entities: impl Iterator<Item = &'a EntityId>) -> Vec<EntityId> {
    let entities: BTreeSet<EntityId> = entities.cloned().collect();
    entities.into_iter().collect()
}

fn push_connected(
    gateway: &GatewayId,
    entities: Vec<EntityId>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if entities.is_empty() {
        return Ok(());
    }
    let gateway = gateway.clone();
    let connected = EntitiesConnected { gateway, entities };
    decider.push(Fact::EntitiesConnected(connected))
}

fn push_disconnected(
    gateway: &GatewayId,
    entities: Vec<EntityId>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if entities.is_empty() {
        return Ok(());
    }
    let gateway = gateway.clone();
    let disconnected = EntitiesDisconnected { gateway, entities };
    decider.push(Fact::EntitiesDisconnected(disconnected))
}
