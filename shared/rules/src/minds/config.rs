//! What an agent is made of to act by itself, and whether it has something to do.

use contract::mind::MindConfig;
use contract::{Brain, EntityId};

use crate::entities::agent_config;
use crate::world::World;

/// The configuration of an agent's mind, if it has one.
pub(super) fn mind_config<'a>(world: &'a World, agent: &EntityId) -> Option<&'a MindConfig> {
    agent_config(world, agent)?.mind.as_deref()
}

/// Notes whether an agent has something to do now.
pub(super) fn mark_pending(world: &mut World, agent: &EntityId) {
    if wants_decision(world, agent) || wants_summary(world, agent) {
        world.minds.due.insert(agent.clone());
    } else {
        world.minds.due.remove(agent);
    }
}

pub(super) fn wants_decision(world: &World, agent: &EntityId) -> bool {
    let (Some(mind), Some(config)) = (world.minds.by_agent.get(agent), mind_config(world, agent))
    else {
        return false;
    };
    !config.paused && mind.is_ready()
}

pub(super) fn wants_summary(world: &World, agent: &EntityId) -> bool {
    let (Some(mind), Some(config)) = (world.minds.by_agent.get(agent), agent_config(world, agent))
    else {
        return false;
    };
    let has_brain = matches!(config.brain, Brain::Llm(_) | Brain::Script(_));
    let config = config.mind.as_ref().filter(|mind| !mind.paused);
    has_brain && config.is_some_and(|config| mind.is_full(config.memory))
}

/// Whether workers decide for an agent: one whose client thinks for it decides by itself when.
pub(super) fn is_run_by_workers(world: &World, agent: &EntityId) -> bool {
    let brain = agent_config(world, agent).map(|agent| &agent.brain);
    !matches!(brain, Some(Brain::Client {}))
}
