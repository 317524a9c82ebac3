//! Answers of entities with a machine that begin and end.

use contract::{EntityId, Event, Fact, Purpose, Timestamp};

use super::notice::look_again;
use crate::behaviours::runtime::answers;
use crate::behaviours::runtime::progress::Wait;
use crate::runs::EndedRun;
use crate::world::World;

pub(super) fn apply(world: &mut World, event: &Event, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::ActionRequested(requested) if world.behaviours.contains(&requested.entity) => {
            let answer = match Purpose::of(event, requested) {
                Purpose::Answer(question) => (Some(question.chat), None),
                Purpose::Node(step) if step.answers => (None, Some(event.id.run())),
                _ => return,
            };
            let (chat, run) = (answer.0.as_ref(), answer.1);
            answers::begin(world, &requested.entity, (chat, run), at);
            look_again(world, &requested.entity, at);
        }
        Fact::ChatStopped(_) | Fact::ChatDeleted(_) | Fact::MessageRemoved(_) => {
            for entity in answering(world) {
                look_again(world, &entity, at);
            }
        }
        _ => {}
    }
}

fn answering(world: &World) -> Vec<EntityId> {
    let machines = world.behaviours.iter();
    let answering = machines.filter(|(_, progress)| {
        let wait = progress.busy.as_ref().map(|busy| &busy.wait);
        matches!(wait, Some(Wait::Answer { .. }))
    });
    answering.map(|(entity, _)| entity.clone()).collect()
}

/// A run of an answer has ended.
pub(crate) fn on_answer_ended(world: &mut World, ended: &EndedRun<'_>, at: Timestamp) {
    let entity = &ended.run.entity;
    let Some(progress) = world.behaviours.machines.get_mut(entity) else {
        return;
    };
    if let Some(busy) = &mut progress.busy
        && let Wait::Answer { is_done, .. } = &mut busy.wait
    {
        *is_done = ended.outcome.is_ok();
    }
    look_again(world, entity, at);
}
