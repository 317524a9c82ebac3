//! What a worker gets of an interaction.

use contract::EntityId;
use contract::interaction::{BoundStream, InteractionContext, InteractionStep, StreamBindings};

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
    let samples = request.samples.iter();
    let first = usize::try_from(step.first).unwrap_or(usize::MAX);
    let count = usize::try_from(step.count).unwrap_or(usize::MAX);
    Some(InteractionContext {
        step,
        steps: request.steps,
        requester: interaction.requester.clone(),
        attempts: progress.attempts,
        samples: samples.skip(first).take(count).cloned().collect(),
        streams: StreamBindings {
            stdin: request.streams.stdin.iter().map(from).collect(),
            stdtar: request.streams.stdtar.iter().map(from).collect(),
            stdext: request.streams.stdext.iter().map(from).collect(),
        },
    })
}
