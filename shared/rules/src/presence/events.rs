//! What events change about connections.

use contract::{EntityId, Fact, Timestamp};

use super::limits::GRACE;
use super::state::needs_connection;
use crate::schedule::Due;
use crate::world::World;

pub(crate) fn apply(world: &mut World, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::EntitiesConnected(connected) => {
            for entity in &connected.entities {
                let until = world.presence.connect(entity, &connected.gateway);
                unschedule(world, entity, until);
            }
        }
        Fact::EntitiesDisconnected(disconnected) => {
            let until = at + GRACE;
            for entity in &disconnected.entities {
                let gateway = &disconnected.gateway;
                if world.presence.disconnect(entity, gateway, until) {
                    let due = Due::Presence(entity.clone());
                    world.schedule.insert(until, due);
                }
            }
        }
        Fact::PresenceEnded(ended) => {
            for entity in &ended.entities {
                let until = world.presence.end_grace(entity);
                unschedule(world, entity, until);
            }
        }
        // One that a worker thinks for from now on is present as every other.
        Fact::EntityUpdated(entity) if !needs_connection(entity) => remove(world, &entity.id),
        Fact::EntityRemoved(removed) => remove(world, &removed.entity),
        _ => {}
    }
}

fn remove(world: &mut World, entity: &EntityId) {
    let until = world.presence.remove(entity);
    unschedule(world, entity, until);
}

fn unschedule(world: &mut World, entity: &EntityId, until: Option<Timestamp>) {
    if let Some(until) = until {
        let due = Due::Presence(entity.clone());
        world.schedule.remove(until, due);
    }
}
