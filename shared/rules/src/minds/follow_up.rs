//! What agents with a mind do next by themselves.

use contract::fact::AgentThought;
use contract::mind::ThinkTask;
use contract::{ActionName, Brain, EntityId, EventId, Fact, Purpose, Rejection, action};
use std::time::Duration;

use super::config::{mind_config, wants_decision, wants_summary};
use super::mind::Mind;
use crate::decider::{Decider, EventHeader};
use crate::entities::agent_config;
use crate::runs::{self, ANSWER_GRACE};
use crate::world::World;

/// A summary has this long: nobody waits for it.
const SUMMARY_DEADLINE: Duration = Duration::from_mins(5);

/// Lets agents decide, or summarise, that have something to do: at most so many.
pub(crate) fn follow_up(
    world: &World,
    most: usize,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for agent in world.minds.due.iter().take(most) {
        next_decision(world, agent, decider)?;
    }
    Ok(())
}

fn next_decision(
    world: &World,
    agent: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if wants_summary(world, agent) {
        request_task(world, agent, ThinkTask::Summarise, decider)?;
    }
    let mind = world.minds.by_agent.get(agent);
    let (Some(mind), Some(config)) = (mind, mind_config(world, agent)) else {
        return Ok(());
    };
    if !wants_decision(world, agent) {
        return Ok(());
    }
    if !mind.is_exhausted(config.steps_max) {
        return request_task(world, agent, ThinkTask::Decide, decider);
    }
    let thought = AgentThought {
        plan: None,
        thoughts: Default::default(),
        sleeps: true,
        exhausted: true,
    };
    let header = EventHeader {
        sender: Some(agent.clone()),
        ..cause_header(mind)
    };
    decider.push_with(Fact::AgentThought(thought), header)
}

fn request_task(
    world: &World,
    agent: &EntityId,
    task: ThinkTask,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(config) = agent_config(world, agent) else {
        return Ok(());
    };
    let built_in = |name: &str| ActionName::try_from(name).ok();
    let (action, timeout, purpose) = match (task, &config.brain) {
        (ThinkTask::Decide, Brain::Function { action }) => (
            Some(action.clone()),
            config.turn_timeout_seconds,
            Purpose::Decide,
        ),
        (ThinkTask::Decide, _) => (
            built_in(action::ACT),
            config.turn_timeout_seconds,
            Purpose::Decide,
        ),
        (ThinkTask::Summarise, _) => (
            built_in(action::SUMMARISE),
            SUMMARY_DEADLINE,
            Purpose::Summarise,
        ),
    };
    let Some(action) = action else { return Ok(()) };
    let deadline = decider.now() + timeout + ANSWER_GRACE;
    let requested = purpose.request(action, agent.clone(), deadline);
    let mind = world.minds.by_agent.get(agent);
    let header = mind.map_or_else(EventHeader::default, cause_header);
    runs::request(requested, &purpose, header, decider)
}

/// The header of what an agent does about what woke it.
fn cause_header(mind: &Mind) -> EventHeader {
    let cause: Option<EventId> = mind.cause().map(|cause| cause.id);
    EventHeader {
        causation: cause,
        correlation: cause.map(|cause| cause.0),
        ..EventHeader::default()
    }
}
