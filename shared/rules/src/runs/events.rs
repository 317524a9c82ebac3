//! What events change about runs.

use contract::fact::{ActionCompleted, ActionRequested};
use contract::tool::ToolResult;
use contract::{Event, Fact, Purpose, RunId};

use super::state::OpenRun;
use crate::schedule::Due;
use crate::world::World;

/// A run that an event ended.
pub(crate) struct EndedRun<'a> {
    pub(crate) id: RunId,
    pub(crate) run: OpenRun,
    /// What it completed with, or why it did not.
    pub(crate) outcome: Result<&'a ActionCompleted, &'a str>,
    /// The word for programs of why it did not; empty when it did.
    pub(crate) failure_code: &'a str,
}

/// Applies an event; what it ended, if anything.
pub(crate) fn apply<'a>(world: &mut World, event: &Event, fact: &'a Fact) -> Option<EndedRun<'a>> {
    match fact {
        Fact::ActionRequested(requested) => {
            open(world, event, requested);
            None
        }
        Fact::ActionStarted(started) => {
            if world.runs.start(started.run, started.deadline) {
                let due = Due::Deadline(started.run);
                world.schedule.insert(started.deadline, due);
            }
            None
        }
        Fact::ActionCompleted(completed) => end(world, completed.run, Ok(completed), ""),
        Fact::ActionFailed(failed) => end(world, failed.run, Err(&failed.reason), &failed.code),
        Fact::ActionCancelled(cancelled) => {
            let reason = Err(ToolResult::CANCELLED);
            end(world, cancelled.run, reason, "cancelled")
        }
        Fact::EntityRemoved(removed) => {
            world.runs.orphan(&removed.entity);
            None
        }
        _ => None,
    }
}

fn open(world: &mut World, event: &Event, requested: &ActionRequested) {
    let id = event.id.run();
    let run = OpenRun {
        action: requested.action.clone(),
        entity: requested.entity.clone(),
        deadline: requested.deadline,
        arguments: requested.arguments.clone(),
        purpose: Purpose::of(event, requested),
        correlation: event.correlation,
        depth: requested.depth,
        concurrent: requested.concurrent,
        queued: requested.queued,
    };
    // The time of a run counts from its begin.
    if !run.queued {
        world.schedule.insert(run.deadline, Due::Deadline(id));
    }
    world.runs.insert(id, run);
}

fn end<'a>(
    world: &mut World,
    id: RunId,
    outcome: Result<&'a ActionCompleted, &'a str>,
    failure_code: &'a str,
) -> Option<EndedRun<'a>> {
    let run = world.runs.remove(id)?;
    world.schedule.remove(run.deadline, Due::Deadline(id));
    Some(EndedRun {
        id,
        run,
        outcome,
        failure_code,
    })
}
