//! Minds: agents that act by themselves.
//!
//! An agent with a mind hears every custom event that is for it. Some wake it: then it decides, in a
//! run of `act`, what it does. It uses abilities, as a model does on its way to an answer; when their
//! runs have ended it decides again, until it says that it sleeps. What wakes it while it is awake
//! waits, so none is lost: [`Mind`] counts them, and the fold of the log is the only thing that does.

mod check;
mod mind;
mod notice;
mod outcome;

use std::time::Duration;

use contract::ability::AbilityKey;
use contract::brain::Brain;
use contract::fact::{ActionRequested, AgentThought};
use contract::mind::{MindConfig, MindContext, MindView, ThinkTask};
use contract::{ActionName, AgentConfig, EntityId, EventId, Fact, Rejection, RejectionCode};

use super::state::World;
use super::{About, Decision, ability, invocation, reject};

pub(super) use check::check;
pub(super) use mind::Mind;
pub(super) use notice::Heard;
pub(super) use outcome::complete;

/// The action in which an agent decides what it does.
const ACT: &str = "act";
/// The action that sums up what an agent forgets.
const SUMMARISE: &str = "summarise";
/// A summary has this long: nobody waits for it.
const SUMMARY_DEADLINE: Duration = Duration::from_mins(5);

/// What an agent is made of to act by itself, if it is.
pub(super) fn config<'a>(world: &'a World, agent: &EntityId) -> Option<&'a MindConfig> {
    agent_config(world, agent)?.mind.as_deref()
}

fn agent_config<'a>(world: &'a World, agent: &EntityId) -> Option<&'a AgentConfig> {
    world.entities.get(agent)?.agent.as_ref()
}

/// Whether an agent has something to decide, or to sum up, now.
pub(super) fn has_something_to_do(world: &World, agent: &EntityId) -> bool {
    wants_decision(world, agent) || wants_summary(world, agent)
}

fn wants_decision(world: &World, agent: &EntityId) -> bool {
    let (Some(mind), Some(agent)) = (world.minds.get(agent), agent_config(world, agent)) else {
        return false;
    };
    agent.mind.as_ref().is_some_and(|mind| !mind.paused) && mind.is_ready()
}

/// Whether an agent is asked what it does: whose client thinks for it decides by itself when.
pub(super) fn is_asked(world: &World, agent: &EntityId) -> bool {
    let brain = agent_config(world, agent).map(|agent| &agent.brain);
    !matches!(brain, Some(Brain::Client {}))
}

fn wants_summary(world: &World, agent: &EntityId) -> bool {
    let (Some(mind), Some(agent)) = (world.minds.get(agent), agent_config(world, agent)) else {
        return false;
    };
    let can_be_asked = matches!(agent.brain, Brain::Llm(_) | Brain::Script(_));
    let config = agent.mind.as_ref().filter(|mind| !mind.paused);
    can_be_asked && config.is_some_and(|config| mind.is_full(config.memory))
}

/// What an agent does now that has something to do.
pub(super) fn go_on(
    world: &World,
    agent: &EntityId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if wants_summary(world, agent) {
        request(world, agent, ThinkTask::Summarise, decision)?;
    }
    let (Some(mind), Some(config)) = (world.minds.get(agent), config(world, agent)) else {
        return Ok(());
    };
    if !wants_decision(world, agent) {
        return Ok(());
    }
    if !mind.is_exhausted(config.steps_max) {
        return request(world, agent, ThinkTask::Decide, decision);
    }
    let thought = AgentThought {
        plan: None,
        thoughts: Default::default(),
        sleeps: true,
        exhausted: true,
    };
    let cause = mind.cause().map(|cause| cause.id);
    decision.push_about(Fact::AgentThought(thought), about(agent, cause))
}

fn about(agent: &EntityId, causation: Option<EventId>) -> About {
    About {
        sender: Some(agent.clone()),
        causation,
        correlation: causation.map(|cause| cause.0),
        ..About::default()
    }
}

fn request(
    world: &World,
    agent: &EntityId,
    thinking: ThinkTask,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Some(config) = agent_config(world, agent) else {
        return Ok(());
    };
    let built_in = |name: &str| ActionName::try_from(name).ok();
    let (action, timeout) = match (thinking, &config.brain) {
        (ThinkTask::Decide, Brain::Function { action }) => {
            (Some(action.clone()), config.turn_timeout_seconds)
        }
        (ThinkTask::Decide, _) => (built_in(ACT), config.turn_timeout_seconds),
        (ThinkTask::Summarise, _) => (built_in(SUMMARISE), SUMMARY_DEADLINE),
    };
    let Some(action) = action else { return Ok(()) };
    let requested = ActionRequested {
        thinking: Some(thinking),
        ..crate::old::action_requested(
            action,
            agent.clone(),
            decision.now + timeout + invocation::ANSWER_GRACE,
        )
    };
    let cause = world.minds.get(agent).and_then(Mind::cause);
    let about = About {
        sender: Some(EntityId::world()),
        ..about(agent, cause.map(|cause| cause.id))
    };
    decision.push_about(Fact::ActionRequested(requested), about)
}

/// What a worker is told that thinks for an agent.
pub(super) fn situation(
    world: &World,
    agent: &EntityId,
    thinking: ThinkTask,
) -> Option<Box<MindContext>> {
    let (mind, config) = (world.minds.get(agent)?, config(world, agent)?);
    let description = world.description.as_ref()?;
    let memory = match thinking {
        ThinkTask::Decide => mind.memory().cloned().collect(),
        ThinkTask::Summarise => mind.surplus(config.memory).cloned().collect(),
    };
    Some(Box::new(MindContext {
        thinking,
        world_name: description.name.clone(),
        world_description: description.description.clone(),
        cause: mind.cause().cloned(),
        step: mind.deciding().map_or(0, |(_, step)| step),
        plan: mind.plan().to_vec(),
        thoughts: mind.thoughts().clone(),
        summary: mind.summary().to_owned(),
        memory,
        next: next(world, agent).cloned(),
    }))
}

/// What an agent must do now by one of its chains, if it still can.
pub(super) fn next<'a>(world: &'a World, agent: &EntityId) -> Option<&'a AbilityKey> {
    let key = world.minds.get(agent)?.next()?;
    ability::find(world, agent, &key.entity, &key.ability).map(|_| key)
}

/// What an agent has in mind.
///
/// # Errors
/// When there is no such agent, or it has no mind.
pub fn mind(world: &World, agent: &EntityId) -> Result<MindView, Rejection> {
    world.check_exists()?;
    world.check_entity(agent, "agent")?;
    let mind = world.minds.get(agent).map(Mind::view);
    mind.ok_or_else(|| {
        let detail = format!("{agent} has no mind: it only answers");
        reject(
            RejectionCode::UnknownEntity,
            detail,
            Some("agent".to_owned()),
        )
    })
}
