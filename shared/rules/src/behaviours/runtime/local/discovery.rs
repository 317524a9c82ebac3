//! Finding others, and connecting to them.

use std::collections::BTreeSet;

use contract::EntityId;
use contract::behaviour::{LinkState, MemoryChange};

use super::call::{Acted, Call};
use crate::behaviours::runtime::limits::AGENTS_MAX;
use crate::behaviours::runtime::requests;
use crate::behaviours::runtime::resolve::Actor;
use crate::decider::Decider;

pub(super) fn connect_by_role(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let takes_connected = call.is_on("accept_already_connected");
    let mut change = MemoryChange::default();
    let mut found = BTreeSet::new();
    for peer in actor
        .others_with(&call.texts("role"))
        .into_iter()
        .take(AGENTS_MAX)
    {
        if !actor.memory.links.contains_key(&peer.id) {
            change
                .links
                .insert(peer.id.clone(), Some(LinkState::Connecting));
        } else if !takes_connected {
            continue;
        }
        found.insert(peer.id.clone());
    }
    let is_true = !found.is_empty();
    change.found = changed(&actor.memory.found, found);
    Acted::with(is_true, change)
}

pub(super) fn find_agents(actor: Actor<'_>, call: &Call<'_>, decider: &mut Decider<'_>) -> Acted {
    let connected = call.is_on("handshake_completed");
    let peers = actor.others_with(&call.texts("role")).into_iter();
    let peers = peers.filter(|peer| {
        let link = actor.memory.links.get(&peer.id);
        !connected || link == Some(&LinkState::Connected)
    });
    let found: BTreeSet<EntityId> = peers.take(AGENTS_MAX).map(|peer| peer.id.clone()).collect();
    let is_true = !found.is_empty();
    if call.is_on("engage") {
        let agents: Vec<EntityId> = found.iter().cloned().collect();
        requests::offer_engagement(actor, &agents, decider);
    }
    let change = MemoryChange {
        found: changed(&actor.memory.found, found),
        ..MemoryChange::default()
    };
    Acted::with(is_true, change)
}

pub(super) fn connect_to(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let peer = call
        .get("peer_id")
        .and_then(|peer| actor.entity(peer.as_str()?));
    let Some(peer) = peer.filter(|peer| peer != actor.id) else {
        return Acted::of(false);
    };
    if actor.memory.links.contains_key(&peer) {
        return Acted::of(true);
    }
    let mut change = MemoryChange::default();
    change.links.insert(peer, Some(LinkState::Connecting));
    Acted::with(true, change)
}

/// A set that has changed.
fn changed(before: &BTreeSet<EntityId>, now: BTreeSet<EntityId>) -> Option<BTreeSet<EntityId>> {
    (*before != now).then_some(now)
}
