//! What events change about interactions.

use contract::fact::ActionRequested;
use contract::interaction::{
    InteractionEnded, InteractionOutput, InteractionRequested, InteractionStep, TargetStatus,
};
use contract::stream::StreamAppended;
use contract::{EntityId, Event, Fact, InteractionId, Purpose, Timestamp};

use super::learning;
use super::open::{OpenInteraction, Progress, RunFailure, TargetEnd};
use super::processing::is_learning;
use super::readiness::{check_can, is_client, steps_ready};
use crate::runs::EndedRun;
use crate::schedule::Due;
use crate::world::World;

/// Applies an event; the interaction that it ended for the last of its targets.
pub(crate) fn apply(
    world: &mut World,
    event: &Event,
    fact: &Fact,
    at: Timestamp,
) -> Option<(InteractionId, OpenInteraction)> {
    match fact {
        Fact::InteractionRequested(requested) => open(world, event, requested, at),
        Fact::InteractionAccepted(accepted) => {
            let interactions = &mut world.interactions;
            interactions.clear_due(accepted.interaction, &accepted.target);
            if let Some(progress) =
                interactions.progress_mut(accepted.interaction, &accepted.target)
            {
                progress.status = TargetStatus::Accepted;
                progress.arguments.clone_from(&accepted.arguments);
                progress.state.clone_from(&accepted.state);
            }
            let (id, target) = (accepted.interaction, &accepted.target);
            let own = world.interactions.get(id);
            let own = own.is_some_and(|interaction| interaction.requester == *target);
            // Of others, one without a machine accepts only with the run that follows.
            if own || world.entities.has_machine(target) {
                look_at(world, id, target);
            }
        }
        Fact::InteractionReturned(returned) => {
            let (id, target) = (returned.interaction, &returned.target);
            world.interactions.clear_due(id, target);
            if let Some(progress) = world.interactions.progress_mut(id, target) {
                progress.status = TargetStatus::Waiting;
                progress.attempts += 1;
                progress.run = None;
            }
        }
        Fact::ActionRequested(requested) => run_requested(world, event, requested),
        Fact::InteractionProgressed(progressed) => {
            let (id, target) = (progressed.interaction, &progressed.target);
            if let Some(progress) = world.interactions.progress_mut(id, target) {
                progress.steps_done = progressed.steps_done;
                progress.status = TargetStatus::Accepted;
            }
            look_at(world, id, target);
        }
        Fact::InteractionEnded(ended) => return end(world, ended, at),
        Fact::ProcessorLearned(learned) => {
            let learners = world.interactions.learners_mut();
            learners.set_weights(&learned.entity, &learned.weights);
        }
        Fact::StreamAppended(appended) => appended_to(world, appended),
        Fact::EntityRemoved(removed) => {
            world.interactions.learners_mut().remove(&removed.entity);
            for (id, target) in world.interactions.involving(&removed.entity) {
                world.interactions.set_due(id, &target);
            }
        }
        _ => {}
    }
    None
}

fn open(world: &mut World, event: &Event, requested: &InteractionRequested, at: Timestamp) {
    let id = event.id.interaction();
    let targets = requested.targets.iter();
    let interaction = OpenInteraction {
        requester: event.sender.clone(),
        requested_at: at,
        request: requested.clone(),
        number: world.interactions.next_number(),
        targets: targets
            .map(|target| (target.clone(), Progress::waiting()))
            .collect(),
        open_targets: requested.targets.len(),
    };
    world
        .schedule
        .insert(requested.deadline, Due::Interaction(id));
    world.interactions.insert(id, interaction);
    for target in &requested.targets {
        look_at(world, id, target);
    }
}

/// Notes that something follows for a target, if it has what it needs for that.
pub(super) fn look_at(world: &mut World, id: InteractionId, target: &EntityId) {
    let interaction = world.interactions.get(id);
    let progress = interaction.and_then(|interaction| interaction.open_progress(target));
    let (Some(interaction), Some(progress)) = (interaction, progress) else {
        return;
    };
    // Its machine says when it accepts it.
    if progress.status == TargetStatus::Waiting
        && interaction.request.action.is_some()
        && world.entities.has_machine(target)
    {
        return;
    }
    let is_refused = progress.status == TargetStatus::Waiting
        && check_can(world, target, &interaction.request).is_err();
    // What a client has accepted ends when the client reports it.
    let is_clients = progress.status == TargetStatus::Accepted && is_client(world, target);
    // Runs of one entity that learn do not overlap.
    let waits = is_learning(interaction) && world.interactions.learners().is_busy(target);
    let is_ready = !is_clients
        && !waits
        && progress.run.is_none()
        && steps_ready(world, interaction, progress) > 0;
    if is_refused || is_ready {
        world.interactions.set_due(id, target);
    }
}

/// A run of an entity has ended, or a request to learn: the next request to learn that can goes on.
fn wake_next_learner(world: &mut World, entity: &EntityId, except: InteractionId) {
    let mut index = 0;
    while !world.interactions.learners().is_busy(entity) {
        let mut waiting = world.interactions.of_target(entity);
        let next = waiting
            .by_ref()
            .filter(|(id, interaction, _)| *id != except && is_learning(interaction))
            .nth(index)
            .map(|(id, ..)| id);
        drop(waiting);
        let Some(next) = next else {
            return;
        };
        look_at(world, next, entity);
        if world.interactions.is_due(next, entity) {
            return;
        }
        index += 1;
    }
}

fn run_requested(world: &mut World, event: &Event, requested: &ActionRequested) {
    let Some(step) = requested.interaction else {
        return;
    };
    let interactions = &mut world.interactions;
    interactions.clear_due(step.id, &requested.entity);
    if let Some(progress) = interactions.progress_mut(step.id, &requested.entity) {
        progress.run = Some(event.id.run());
        progress.status = TargetStatus::Running;
    }
    if learning::begins_to_learn(world, requested) {
        learning::begin(world, &requested.entity, event.id.run());
    }
}

fn end(
    world: &mut World,
    ended: &InteractionEnded,
    at: Timestamp,
) -> Option<(InteractionId, OpenInteraction)> {
    let (id, target) = (ended.interaction, &ended.target);
    let progress = world.interactions.progress_mut(id, target)?;
    progress.status = ended.status.into();
    progress.steps_done = ended.steps_done;
    progress.run = None;
    progress.failure = None;
    progress.output.clone_from(&ended.output);
    progress.ended = Some(TargetEnd {
        at,
        reason: ended.reason.clone(),
        detail: ended.detail.clone(),
        state: ended.state.clone(),
    });
    let is_learning = world.interactions.get(id).is_some_and(is_learning);
    let ended = world.interactions.end_target(id, target);
    if is_learning {
        wake_next_learner(world, target, id);
    }
    let interaction = ended?;
    let deadline = interaction.request.deadline;
    world.schedule.remove(deadline, Due::Interaction(id));
    Some((id, interaction))
}

/// Samples were appended: those who wait for them may go on, and those that a target wrote are its
/// output.
fn appended_to(world: &mut World, appended: &StreamAppended) {
    if let Some(id) = appended.interaction {
        let owner = &appended.stream.owner;
        if let Some(progress) = world.interactions.progress_mut(id, owner) {
            add_output(&mut progress.output, appended);
        }
    }
    for id in world.interactions.readers_of(&appended.stream) {
        let interaction = world.interactions.get(id);
        let targets: Vec<EntityId> = interaction
            .into_iter()
            .flat_map(OpenInteraction::open_targets)
            .map(|(target, _)| target.clone())
            .collect();
        for target in targets {
            look_at(world, id, &target);
        }
    }
}

fn add_output(output: &mut Vec<InteractionOutput>, appended: &StreamAppended) {
    let last = appended.end().saturating_sub(1);
    let written = output
        .iter_mut()
        .find(|output| output.stream == appended.stream);
    match written {
        Some(written) => written.last = last,
        None => output.push(InteractionOutput {
            stream: appended.stream.clone(),
            first: appended.first,
            last,
            value: None,
        }),
    }
}

/// A run has ended that did steps of an interaction. A failure has to be dealt with; what a success
/// means is decided with it.
pub(crate) fn on_run_ended(world: &mut World, ended: &EndedRun<'_>, step: InteractionStep) {
    debug_assert!(matches!(ended.run.purpose, Purpose::Interaction(_)));
    let target = &ended.run.entity;
    if world.interactions.learners_mut().end(target, ended.id) {
        wake_next_learner(world, target, step.id);
    }
    let is_called = world
        .interactions
        .get(step.id)
        .is_some_and(|open| open.request.caller.is_some());
    let Some(progress) = world.interactions.progress_mut(step.id, target) else {
        return;
    };
    progress.run = None;
    if let Ok(completed) = ended.outcome
        && is_called
    {
        progress.answer.clone_from(&completed.output);
    }
    if let Err(failure) = &ended.outcome {
        progress.failure = Some(RunFailure {
            code: ended.failure_code.to_owned(),
            detail: (*failure).to_owned(),
        });
        progress.attempts += 1;
        world.interactions.set_due(step.id, target);
    }
}
