//! What a worker gets of an interaction.

use contract::interaction::{BoundStream, InteractionContext, InteractionStep, StreamBindings};
use contract::{EntityId, InteractionId, Purpose};

use super::processing::{is_learning, processor_action};
use crate::entities::agent_config;
use crate::world::World;

/// What a worker needs for steps of an interaction.
pub(crate) fn interaction_context(
    world: &World,
    target: &EntityId,
    step: InteractionStep,
) -> Option<InteractionContext> {
    let interaction = world.interactions.get(step.id)?;
    let progress = interaction.progress(target)?;
    let request = &interaction.request;
    let from = |bound: &BoundStream| BoundStream {
        stream: bound.stream.clone(),
        from: bound.from + u64::from(step.first),
    };
    let lookback = lookback(world, target);
    let first = usize::try_from(step.first).unwrap_or(usize::MAX);
    let count = usize::try_from(step.count).unwrap_or(usize::MAX);
    let samples = request.samples.iter();
    Some(InteractionContext {
        step,
        steps: request.steps,
        requester: interaction.requester.clone(),
        attempts: progress.attempts,
        samples: samples.clone().skip(first).take(count).cloned().collect(),
        preceding: samples
            .take(first)
            .skip(first.saturating_sub(lookback))
            .cloned()
            .collect(),
        // Of other processors the action of the run has that name.
        learn: is_learning(interaction) && processor_action(world, target).is_some(),
        weights: world.interactions.learners().weights(target).cloned(),
        streams: StreamBindings {
            stdin: request.streams.stdin.iter().map(from).collect(),
            stdtar: request.streams.stdtar.iter().map(from).collect(),
            stdext: request.streams.stdext.iter().map(from).collect(),
        },
    })
}

/// The steps of a request that a target does now: those of its run, or all that are left.
pub(crate) fn current_step(
    world: &World,
    id: InteractionId,
    target: &EntityId,
) -> Option<InteractionStep> {
    let interaction = world.interactions.get(id)?;
    let progress = interaction.open_progress(target)?;
    let run = progress.run().and_then(|run| world.runs.get(run));
    if let Some(Purpose::Interaction(step)) = run.map(|run| &run.purpose) {
        return Some(*step);
    }
    let first = progress.steps_done;
    let count = interaction.request.steps.saturating_sub(first);
    Some(InteractionStep { id, first, count })
}

/// How many samples before a step the processor of a target reads too.
fn lookback(world: &World, target: &EntityId) -> usize {
    let config = agent_config(world, target);
    let processor = config.and_then(|config| config.processor.as_ref());
    processor.map_or(0, |processor| {
        usize::try_from(processor.lookback()).unwrap_or(usize::MAX)
    })
}
