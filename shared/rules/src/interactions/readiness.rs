//! What a target can do of a request, and when.

use contract::interaction::{InteractionRequested, reason};
use contract::{Brain, EntityId, EntityKind, action};

use super::data;
use super::end::Reason;
use super::open::{OpenInteraction, Progress};
use crate::entities::agent_config;
use crate::world::World;

/// Whether a client does what is requested of an entity, and no worker.
pub(super) fn is_client(world: &World, target: &EntityId) -> bool {
    let is_user = || {
        let entity = world.entities.get(target);
        entity.is_some_and(|entity| entity.kind == EntityKind::User)
    };
    agent_config(world, target).map_or_else(is_user, |config| {
        config.processor.is_none() && config.brain == (Brain::Client {})
    })
}

/// Whether a requester is in the world: an entity, or the world itself.
pub(crate) fn is_in_world(world: &World, requester: &EntityId) -> bool {
    world.entities.contains(requester) || *requester == EntityId::world()
}

/// Whether an entity without a behaviour can do this.
pub(super) fn check_can(
    world: &World,
    target: &EntityId,
    request: &InteractionRequested,
) -> Result<(), Reason<'static>> {
    let Some(action) = &request.action else {
        return Ok(());
    };
    if request.from_state.is_some() || request.to_state.is_some() {
        return Err(Reason {
            word: reason::NO_BEHAVIOUR,
            detail: "the request names states of a behaviour, and the target has none",
        });
    }
    let is_agent = world
        .entities
        .get(target)
        .is_some_and(|entity| entity.kind == EntityKind::Agent);
    if is_agent && action.as_str() == action::PROCESS {
        return Ok(());
    }
    if is_agent && action.as_str() == action::LEARN {
        return check_learns(world, target);
    }
    Err(Reason {
        word: reason::UNKNOWN_ACTION,
        detail: "the target has no such action that others may request",
    })
}

/// Whether the processor of an agent learns.
fn check_learns(world: &World, target: &EntityId) -> Result<(), Reason<'static>> {
    let config = agent_config(world, target);
    let processor = config.and_then(|config| config.processor.as_ref());
    if processor.is_some_and(|processor| processor.learns()) {
        return Ok(());
    }
    Err(Reason {
        word: reason::UNKNOWN_ACTION,
        detail: "the target has no processor that learns: markov, regression, http, or a function that does",
    })
}

/// How many steps a target can do now: those for which all samples are there.
pub(super) fn steps_ready(
    world: &World,
    interaction: &OpenInteraction,
    progress: &Progress,
) -> u32 {
    let request = &interaction.request;
    let left = request.steps.saturating_sub(progress.steps_done);
    let bound = request.streams.iter().map(|bound| {
        let first = bound.from + u64::from(progress.steps_done);
        let ready = data::length(world, &bound.stream).saturating_sub(first);
        u32::try_from(ready).unwrap_or(u32::MAX)
    });
    bound.fold(left, u32::min)
}
