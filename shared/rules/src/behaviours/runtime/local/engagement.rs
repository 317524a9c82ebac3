//! Partners.

use std::collections::BTreeSet;

use contract::behaviour::{LinkState, MemoryChange};
use contract::interaction::reason;

use super::call::{Acted, Call};
use crate::behaviours::runtime::resolve::{Actor, texts};
use crate::behaviours::runtime::roles::has_role;

/// Accepts the requester as a partner, if it has the role. The role is that of the roster, not the one
/// that the requester names.
pub(super) fn engage(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let Some((_, open)) = call.request else {
        return Acted::of(false);
    };
    let requester = &open.requester;
    let Some(entity) = actor.world.entities.get(requester) else {
        return Acted::of(false);
    };
    let roles = call.texts("acceptable_role");
    if !roles.is_empty() && !roles.iter().any(|role| has_role(entity, role)) {
        let detail = format!("{requester} does not have the role {}", roles.join(" or "));
        return Acted::refused(reason::ROLE_MISMATCH, detail);
    }
    let is_exclusive = call.args.get("exclusive") != Some(&false.into());
    let others = actor
        .memory
        .engaged
        .iter()
        .filter(|other| *other != requester);
    if is_exclusive && others.count() > 0 {
        let detail = format!("{} is engaged with another", actor.id);
        return Acted::refused(reason::BUSY, detail);
    }
    let mut engaged = actor.memory.engaged.clone();
    engaged.insert(requester.clone());
    let mut change = MemoryChange {
        engaged: Some(engaged),
        ..MemoryChange::default()
    };
    let connected = LinkState::Connected;
    if actor.memory.links.get(requester) != Some(&connected) {
        change.links.insert(requester.clone(), Some(connected));
    }
    Acted::with(true, change)
}

pub(super) fn disengage(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let Some((_, open)) = call.request else {
        return Acted::of(false);
    };
    let requester = &open.requester;
    let mut engaged = actor.memory.engaged.clone();
    if !engaged.remove(requester) {
        let detail = format!("{requester} is no partner of {}", actor.id);
        return Acted::refused(reason::NOT_ENGAGED, detail);
    }
    let mut change = MemoryChange {
        engaged: Some(engaged),
        ..MemoryChange::default()
    };
    if call.is_on("disconnect_too") {
        change.links.insert(requester.clone(), None);
    }
    Acted::with(true, change)
}

pub(super) fn set_partner(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let named = texts(call.get("agent")).into_iter();
    let others = named.filter_map(|text| actor.entity(text));
    let engaged: BTreeSet<_> = others.filter(|other| other != actor.id).collect();
    let clears_found = call.args.get("clear_found") != Some(&false.into());
    let change = MemoryChange {
        engaged: (engaged != actor.memory.engaged).then_some(engaged),
        found: (clears_found && !actor.memory.found.is_empty()).then(BTreeSet::new),
        ..MemoryChange::default()
    };
    Acted::with(true, change)
}

pub(super) fn disengage_all(actor: Actor<'_>) -> Acted {
    let change = MemoryChange {
        engaged: (!actor.memory.engaged.is_empty()).then(BTreeSet::new),
        ..MemoryChange::default()
    };
    Acted::with(true, change)
}

/// Whether every agent that was found is a partner.
pub(super) fn all_completed(actor: Actor<'_>) -> Acted {
    Acted::of(actor.memory.found.is_empty())
}
