//! Runs that process samples, or learn them, with the processor of their entity.

use contract::interaction::InteractionStep;
use contract::processor::Processor;
use contract::{ActionName, EntityId, action};

use super::open::OpenInteraction;
use crate::entities::agent_config;
use crate::world::World;

/// What a run does with the processor of its entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Processing {
    Process,
    Learn,
}

/// Whether targets are requested to learn.
pub(super) fn is_learning(interaction: &OpenInteraction) -> bool {
    requested(interaction) == Some(Processing::Learn)
}

fn requested(interaction: &OpenInteraction) -> Option<Processing> {
    of_name(interaction.request.action.as_ref()?)
}

fn of_name(action: &ActionName) -> Option<Processing> {
    match action.as_str() {
        action::PROCESS => Some(Processing::Process),
        action::LEARN => Some(Processing::Learn),
        _ => None,
    }
}

/// What a run of an action does with the processor of its entity; `None` when it is another action, such as
/// a custom one.
pub(super) fn processing(
    world: &World,
    entity: &EntityId,
    action: &ActionName,
    step: InteractionStep,
) -> Option<Processing> {
    if let Some(built_in) = of_name(action) {
        return Some(built_in);
    }
    // Code of users runs under a name of its own.
    let interaction = world.interactions.get(step.id)?;
    let is_processors = processor_action(world, entity) == Some(action);
    requested(interaction).filter(|_| is_processors)
}

/// The action under which workers offer the processor of an entity, when it is code of users.
pub(super) fn processor_action<'a>(world: &'a World, entity: &EntityId) -> Option<&'a ActionName> {
    match agent_config(world, entity)?.processor.as_deref()? {
        Processor::Function(function) => Some(&function.action),
        _ => None,
    }
}

/// The action that does what is requested: that of the processor, for what processors do.
pub(super) fn executed<'a>(
    world: &'a World,
    entity: &EntityId,
    requested: &'a ActionName,
) -> &'a ActionName {
    let is_processing = of_name(requested).is_some();
    let function = processor_action(world, entity).filter(|_| is_processing);
    function.unwrap_or(requested)
}
