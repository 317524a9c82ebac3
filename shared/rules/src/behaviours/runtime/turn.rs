//! The machines that are looked at in one step of a world.

use std::collections::{BTreeMap, BTreeSet};

use contract::behaviour::{BehaviourDeferred, BehaviourDelayEnded, LinkState, MemoryChange};
use contract::{EntityId, Fact, Rejection};

use super::advance::advance;
use super::limits::COMMIT_TRANSITIONS_MAX;
use super::links::can_connect;
use super::look::Cause;
use crate::decider::{Decider, EventHeader};
use crate::world::World;

/// The machines that are looked at in one step of a world.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Links that were made before this step, of entities that are present.
    connecting: Vec<(EntityId, EntityId)>,
    /// Machines for which something outside of machines has happened, and which were not looked at yet.
    outside: BTreeSet<EntityId>,
    looks: BTreeMap<EntityId, u32>,
    /// Machines that go on with the next commit.
    deferred: BTreeSet<EntityId>,
    had_deferred: bool,
    /// Whether the step goes on with what an earlier one has left: machines, or links.
    goes_on: bool,
}

impl Turn {
    /// The state before the events of the command.
    pub(crate) fn begin(world: &World) -> Self {
        let mut connecting: Vec<(EntityId, EntityId)> = Vec::new();
        for entity in world.behaviours.readers.connecting() {
            let memory = world.behaviours.memory(&entity);
            for (peer, link) in memory.into_iter().flat_map(|memory| &memory.links) {
                let is_new = !connecting.contains(&(peer.clone(), entity.clone()));
                let can_connect = can_connect(world, &entity, peer);
                if *link == LinkState::Connecting && is_new && can_connect {
                    connecting.push((entity.clone(), peer.clone()));
                }
            }
        }
        Self {
            connecting,
            ..Self::default()
        }
    }

    /// The events of the command, and what followed from them, are applied: machines are next.
    pub(crate) fn begin_machines(&mut self, world: &mut World) {
        self.outside.clone_from(&world.behaviours.pending);
        self.had_deferred = !world.behaviours.deferred.is_empty();
        self.goes_on = self.had_deferred || !self.connecting.is_empty();
        let deferred = world.behaviours.deferred().clone();
        for entity in deferred {
            world.behaviours.set_pending(&entity);
        }
    }

    /// Links that were made before this step are connected: both entities were present then.
    pub(crate) fn connect(
        &mut self,
        world: &World,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        for (one, other) in std::mem::take(&mut self.connecting) {
            let link = world
                .behaviours
                .memory(&one)
                .and_then(|memory| memory.links.get(&other));
            if link != Some(&LinkState::Connecting) {
                continue;
            }
            let mut change = MemoryChange::default();
            change.links.insert(other, Some(LinkState::Connected));
            let header = EventHeader::sent_by(&one);
            decider.push_with(Fact::BehaviourChanged(change), header)?;
        }
        Ok(())
    }

    /// Looks at the next machine. Whether there was one.
    pub(crate) fn advance_next(
        &mut self,
        world: &mut World,
        decider: &mut Decider<'_>,
    ) -> Result<bool, Rejection> {
        let Some(entity) = world.behaviours.pending.pop_first() else {
            return Ok(false);
        };
        if self.looks.get(&entity).copied().unwrap_or_default() >= COMMIT_TRANSITIONS_MAX {
            self.deferred.insert(entity);
            return Ok(true);
        }
        let is_outside = self.outside.remove(&entity);
        // What begins in this step has a cause outside of machines, whatever way it comes to this one.
        let is_first = !self.looks.contains_key(&entity);
        let cause = Cause {
            is_outside,
            is_new: is_outside || (is_first && !self.goes_on),
        };
        let begun = decider.events().len();
        let world_now: &World = world;
        let advanced = decider.transaction(|decider| advance(world_now, &entity, cause, decider));
        debug_assert!(advanced.is_ok(), "{advanced:?}");
        if decider.events().len() > begun {
            *self.looks.entry(entity.clone()).or_default() += 1;
            // What it has decided may let it go on, whatever it is.
            world.behaviours.set_pending(&entity);
        }
        Ok(true)
    }

    /// The log has no room: all machines wait until it has.
    pub(crate) fn wait(
        &mut self,
        world: &mut World,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        if world.behaviours.pending == world.behaviours.deferred {
            world.behaviours.pending.clear();
            return Ok(());
        }
        self.defer(world, decider)
    }

    /// There is no room for more in this commit: the machines that are left go on with the next one.
    pub(crate) fn defer(
        &mut self,
        world: &mut World,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        self.deferred.append(&mut world.behaviours.pending);
        if self.deferred.is_empty() && !self.had_deferred {
            return Ok(());
        }
        let entities = std::mem::take(&mut self.deferred);
        self.had_deferred = false;
        let header = EventHeader::sent_by(&EntityId::world());
        decider.push_with(
            Fact::BehaviourDeferred(BehaviourDeferred { entities }),
            header,
        )
    }
}

/// A time has passed for which a machine has waited.
pub(crate) fn end_delay(entity: &EntityId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let ended = BehaviourDelayEnded {
        entity: entity.clone(),
    };
    decider.push_with(
        Fact::BehaviourDelayEnded(ended),
        EventHeader::sent_by(entity),
    )
}
