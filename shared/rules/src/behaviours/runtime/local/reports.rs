//! What an entity suggests to the world: badges and roles.

use std::collections::BTreeSet;

use contract::behaviour::{BadgeAwarded, BadgeSource, BadgeSourceWord, BadgeType};
use contract::{Entity, EntityId, Fact, Rejection, RoleName};
use serde_json::Value;

use super::call::{Acted, Call};
use crate::behaviours::runtime::limits::{AGENTS_MAX, BADGE_DESCRIPTION_BYTES_MAX};
use crate::behaviours::runtime::put::set_role;
use crate::behaviours::runtime::resolve::Actor;
use crate::behaviours::runtime::roles::base_role;
use crate::decider::{Decider, EventHeader};

/// Suggests a badge for each of the agents. It is false when the world does not take it: from this entity,
/// with this score, or of this type.
pub(super) fn suggest_badges(
    actor: Actor<'_>,
    call: &Call<'_>,
    decider: &mut Decider<'_>,
) -> Result<Acted, Rejection> {
    let agents = agents(actor, call);
    let score = call.get("score").and_then(Value::as_f64);
    let score = score.filter(|score| !is_no_score(*score));
    let badge_type = call.get("badge_type").cloned();
    let badge_type = badge_type.unwrap_or_else(|| "completed".into());
    let badge_type: Option<BadgeType> = serde_json::from_value(badge_type).ok();
    let is_valid = score.is_none_or(|score| (0.0..=1.0).contains(&score));
    let description = call.get("badge_description").and_then(Value::as_str);
    let is_short = description.is_none_or(|text| text.len() <= BADGE_DESCRIPTION_BYTES_MAX);
    let Some(badge_type) = badge_type.filter(|_| is_valid && is_short && may_suggest(actor)) else {
        return Ok(Acted::of(false));
    };
    for agent in &agents {
        let awarded = BadgeAwarded {
            entity: agent.clone(),
            badge_type,
            score,
            description: description.map(ToOwned::to_owned),
        };
        decider.push_with(Fact::BadgeAwarded(awarded), EventHeader::sent_by(actor.id))?;
    }
    Ok(Acted::of(!agents.is_empty()))
}

/// Whether a score stands for none: the default of the other system.
pub(in crate::behaviours::runtime) fn is_no_score(score: f64) -> bool {
    score.to_bits() == (-1.0_f64).to_bits()
}

fn may_suggest(actor: Actor<'_>) -> bool {
    let entity = actor.world.entities.get(actor.id);
    let policy = actor
        .world
        .description
        .as_ref()
        .map(|world| &world.badges.from);
    match policy {
        Some(BadgeSource::Word(BadgeSourceWord::Anyone)) => true,
        Some(BadgeSource::Roles(roles)) => entity
            .and_then(|entity| entity.role.as_ref())
            .is_some_and(|role| roles.contains(role)),
        _ => is_master(actor, entity),
    }
}

fn is_master(actor: Actor<'_>, entity: Option<&Entity>) -> bool {
    *actor.id == EntityId::world() || entity.is_some_and(|entity| entity.master)
}

/// Suggests a role for each of the agents that has another one. The world takes it from masters.
pub(super) fn suggest_role(
    actor: Actor<'_>,
    call: &Call<'_>,
    decider: &mut Decider<'_>,
) -> Result<Acted, Rejection> {
    let role = call.get("role").and_then(Value::as_str).map(base_role);
    let role = role.and_then(|role| role.parse::<RoleName>().ok());
    let known = role.filter(|role| {
        let world = actor.world.description.as_ref();
        world.is_some_and(|world| world.roles.is_empty() || world.roles.contains_key(role))
    });
    let Some(role) = known.filter(|_| is_master(actor, actor.world.entities.get(actor.id))) else {
        return Ok(Acted::of(false));
    };
    // The behaviours of many agents may be more than one commit takes.
    let changed = decider.transaction(|decider| {
        for agent in agents(actor, call) {
            let entity = actor.world.entities.get(&agent);
            if entity.is_some_and(|entity| entity.role.as_ref() != Some(&role)) {
                set_role(actor.world, &agent, Some(&role), decider)?;
            }
        }
        Ok(())
    });
    Ok(Acted::of(changed.is_ok()))
}

/// The agents that are meant, each once.
fn agents(actor: Actor<'_>, call: &Call<'_>) -> BTreeSet<EntityId> {
    let agents = actor.agents(call.get("agent")).into_iter();
    agents.take(AGENTS_MAX).collect()
}
