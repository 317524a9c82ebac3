//! Links to others: whether they are there, and dropping them.

use std::collections::BTreeSet;

use contract::behaviour::{LinkState, MemoryChange};
use contract::{EntityId, Rejection};

use super::call::{Acted, Call};
use crate::behaviours::runtime::requests;
use crate::behaviours::runtime::resolve::{Actor, texts};
use crate::decider::Decider;
use crate::interactions;

/// Whether an entity is linked to another, and the other one was seen if that matters.
fn is_linked(actor: Actor<'_>, peer: &EntityId, connected: bool) -> bool {
    match actor.memory.links.get(peer) {
        Some(LinkState::Connected) => true,
        Some(LinkState::Connecting) => !connected,
        None => false,
    }
}

pub(super) fn connected(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let connected = call.is_on("handshake_completed");
    let named = call.texts("agent").len();
    let agents = actor.agents(call.get("agent"));
    let all_there = !agents.is_empty() && (call.get("agent").is_none() || agents.len() >= named);
    Acted::of(
        all_there
            && agents
                .iter()
                .all(|agent| is_linked(actor, agent, connected)),
    )
}

/// Whether all agents that are meant are gone: those that are named, or those that it was involved with
/// since its machine entered its state.
pub(super) fn disconnected(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let connected = call.is_on("handshake_completed");
    let is_gone = |agent: &EntityId| !is_linked(actor, agent, connected);
    let Some(named) = call.get("agent") else {
        let involved = actor.memory.involved();
        let is_one_gone = !actor.memory.left.is_empty() || !involved.is_empty();
        return Acted::of(is_one_gone && involved.iter().all(is_gone));
    };
    let named = texts(Some(named));
    let all_gone = named
        .iter()
        .all(|text| actor.entity(text).is_none_or(|agent| is_gone(&agent)));
    Acted::of(!named.is_empty() && all_gone)
}

pub(super) fn agents_are_waiting(actor: Actor<'_>) -> Acted {
    let links = &actor.memory.links;
    let mut found = actor.memory.found.iter();
    Acted::of(found.any(|agent| links.get(agent) == Some(&LinkState::Connecting)))
}

pub(super) fn disconnect(
    actor: Actor<'_>,
    call: &Call<'_>,
    decider: &mut Decider<'_>,
) -> Result<Acted, Rejection> {
    let peers = actor.agents(call.get("agent"));
    let change = drop_links(actor, peers, decider)?;
    Ok(Acted::with(true, change))
}

pub(super) fn disconnect_by_role(
    actor: Actor<'_>,
    call: &Call<'_>,
    decider: &mut Decider<'_>,
) -> Result<Acted, Rejection> {
    if call.is_on("disengage_too") {
        requests::disengage(actor, true, decider)?;
    }
    let others = actor.others_with(&call.texts("role")).into_iter();
    let connected = others.filter(|peer| is_linked(actor, &peer.id, true));
    let peers = connected.map(|peer| peer.id.clone()).collect();
    let change = drop_links(actor, peers, decider)?;
    Ok(Acted::with(true, change))
}

/// Drops links, and ends what the two had requested of each other.
pub(super) fn drop_links(
    actor: Actor<'_>,
    peers: Vec<EntityId>,
    decider: &mut Decider<'_>,
) -> Result<MemoryChange, Rejection> {
    let mut change = MemoryChange::default();
    for peer in peers.into_iter().collect::<BTreeSet<_>>() {
        if actor.memory.links.contains_key(&peer) || actor.memory.engaged.contains(&peer) {
            interactions::end_between(actor.world, actor.id, &peer, decider)?;
            change.links.insert(peer, None);
        }
    }
    Ok(change)
}
