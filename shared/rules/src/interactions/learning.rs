//! Requests to learn: of one entity, one run at a time.

use contract::fact::ActionRequested;
use contract::interaction::TargetStatus;
use contract::processor::{ProcessorLearned, is_weights_version};
use contract::run::RunResult;
use contract::{EntityId, Fact, InteractionId, Rejection, RunId};

use super::end::OpenTarget;
use super::open::{OpenInteraction, Progress};
use super::processing::{Processing, is_learning, processing};
use super::readiness::{check_can, is_in_world};
use crate::decider::Decider;
use crate::world::World;

/// Whether a request waits because another run of its target learns now, or is decided to.
pub(super) fn must_wait(world: &World, open: OpenTarget<'_>, decider: &Decider<'_>) -> bool {
    let is_decided = || {
        let facts = decider
            .events()
            .iter()
            .filter_map(|event| event.fact.as_ref());
        facts.into_iter().any(|fact| {
            matches!(fact, Fact::ActionRequested(requested)
                if requested.entity == *open.target && begins_to_learn(world, requested))
        })
    };
    is_learning(open.interaction)
        && (world.interactions.learners().is_busy(open.target) || is_decided())
}

/// Whether a requested run learns, for an interaction.
pub(super) fn begins_to_learn(world: &World, requested: &ActionRequested) -> bool {
    let (entity, action) = (&requested.entity, &requested.action);
    requested
        .interaction
        .is_some_and(|step| processing(world, entity, action, step) == Some(Processing::Learn))
}

/// A run of an entity learns from now on: its other requests to learn wait until it has ended.
pub(super) fn begin(world: &mut World, entity: &EntityId, run: RunId) {
    world.interactions.learners_mut().begin(entity, run);
    let due = world.interactions.due();
    let of_entity = due.filter(|(_, target)| target == entity);
    let waiting: Vec<InteractionId> = of_entity
        .filter_map(|(id, _)| {
            let interaction = world.interactions.get(*id)?;
            let progress = interaction.open_progress(entity)?;
            let waits = is_learning(interaction) && !ends(world, interaction, progress, entity);
            waits.then_some(*id)
        })
        .collect();
    for id in waiting {
        world.interactions.clear_due(id, entity);
    }
}

/// Whether what follows for a target is its end, and no run.
fn ends(
    world: &World,
    interaction: &OpenInteraction,
    progress: &Progress,
    target: &EntityId,
) -> bool {
    !world.entities.contains(target)
        || !is_in_world(world, &interaction.requester)
        || progress.failure.is_some()
        || progress.status == TargetStatus::Waiting
            && check_can(world, target, &interaction.request).is_err()
}

/// What is wrong with the result of a run that learned. A worker may keep what it learns elsewhere: it
/// names no weights then.
pub(super) fn check_result(result: &RunResult) -> Result<(), &'static str> {
    let weights = result.weights.as_deref();
    if !weights.is_none_or(is_weights_version) {
        return Err("weights are named by the SHA-256 of their bytes");
    }
    match result.loss {
        Some(loss) if !loss.is_finite() => Err("a loss is a finite number"),
        _ => Ok(()),
    }
}

impl OpenTarget<'_> {
    /// The target's processor has learned so many steps.
    pub(super) fn learn(
        &self,
        steps: u32,
        result: &RunResult,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        let Some(weights) = result.weights.clone() else {
            return Ok(());
        };
        let learned = ProcessorLearned {
            entity: self.target.clone(),
            weights,
            interaction: self.id,
            steps,
            loss: result.loss,
        };
        decider.push_with(Fact::ProcessorLearned(learned), self.header())
    }
}
