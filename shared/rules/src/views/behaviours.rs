//! Behaviours, the roster, and what machines have done.

use std::collections::BTreeMap;

use contract::behaviour::{
    ActionCounts, ActionResult, BehaviourStatistics, BehaviourView, DiagramFormat, Roster,
    RosterEntry, Statistics, Subscription,
};
use contract::{CommandId, EntityId};

use crate::behaviours::{Memory, Progress, dot, mermaid};
use crate::world::World;

pub(super) fn behaviour(world: &World, entity: &EntityId) -> Option<BehaviourView> {
    let progress = world.behaviours.get(entity)?;
    let definition = world.behaviours.definition(progress)?;
    let empty = Memory::default();
    let memory = world.behaviours.memory(entity).unwrap_or(&empty);
    let subscriptions = memory.subscriptions.iter().map(|(stream, position)| {
        let length = world.streams.get(stream).map_or(0, |found| found.length());
        Subscription {
            stream: stream.clone(),
            position: *position,
            lag: length.saturating_sub(*position),
        }
    });
    Some(BehaviourView {
        entity: entity.clone(),
        format: definition.format(),
        definition: definition.clone(),
        revision: progress.revision,
        state: progress.state.clone(),
        since: progress.since,
        paused: progress.pause.is_some(),
        pause_reason: progress
            .pause
            .as_ref()
            .and_then(|pause| pause.reason.clone()),
        waiting_for: world.behaviours.waiting_for(entity),
        running: world.behaviours.running(world, entity),
        found: memory.found.iter().cloned().collect(),
        engaged: memory.engaged.iter().cloned().collect(),
        available: memory.is_available(),
        valid_cmp: memory.valid_cmp.iter().cloned().collect(),
        evaluation: memory.evaluation.clone(),
        playlist: memory.playlist.clone(),
        links: memory.links.clone(),
        subscriptions: subscriptions.collect(),
        requests: u64::try_from(progress.queue.len()).unwrap_or(u64::MAX),
        warnings: world.behaviours.warnings(entity),
    })
}

pub(super) fn diagram(world: &World, entity: &EntityId, format: DiagramFormat) -> Option<String> {
    let machine = world.behaviours.machine(entity)?;
    Some(match format {
        DiagramFormat::Mermaid => mermaid(machine),
        DiagramFormat::Dot => dot(machine),
    })
}

pub(super) fn action_result(
    world: &World,
    entity: &EntityId,
    command: CommandId,
) -> Option<ActionResult> {
    let memory = world.behaviours.memory(entity)?;
    let mut used = memory.used.iter();
    let used = used.find(|used| used.command == command)?;
    let end = used.interaction.and_then(|id| memory.used_ends.get(&id));
    let open = || {
        let open = world.interactions.get(used.interaction?)?;
        Some(open.progress(entity)?.status)
    };
    let status = end.map(|end| end.status.into()).or_else(open);
    Some(ActionResult {
        result: used.result && end.is_none_or(|end| end.status.is_success()),
        interaction: used.interaction,
        status,
        output: end.map_or_else(Vec::new, |end| end.output.clone()),
        found: memory.found.iter().cloned().collect(),
        engaged: memory.engaged.iter().cloned().collect(),
        valid_cmp: memory.valid_cmp.iter().cloned().collect(),
        playlist: memory.playlist.clone(),
    })
}

pub(super) fn roster(world: &World) -> Roster {
    let entries = world.entities.iter().map(|entity| {
        let progress = world.behaviours.get(&entity.id);
        let memory = world.behaviours.memory(&entity.id);
        RosterEntry {
            entity: entity.id.clone(),
            role: entity.role.clone(),
            master: entity.master,
            present: !world.presence.is_absent(&entity.id),
            state: progress.map(|progress| progress.state.clone()),
            engaged: memory
                .map_or_else(Vec::new, |memory| memory.engaged.iter().cloned().collect()),
        }
    });
    Roster {
        roster: entries.collect(),
    }
}

pub(super) fn statistics(world: &World) -> Statistics {
    let entities = world.behaviours.iter();
    let entities = entities.map(|(entity, progress)| (entity.clone(), of_machine(world, progress)));
    let mut roles = BTreeMap::new();
    for role in world
        .entities
        .iter()
        .filter_map(|entity| entity.role.as_ref())
    {
        *roles.entry(role.clone()).or_default() += 1;
    }
    Statistics {
        entities: entities.collect(),
        roles,
    }
}

fn of_machine(world: &World, progress: &Progress) -> BehaviourStatistics {
    let mut milliseconds = progress.statistics.state_ms.clone();
    let stay = world.at.since(progress.since).as_millis();
    let total = milliseconds.entry(progress.state.clone()).or_default();
    *total = total.saturating_add(u64::try_from(stay).unwrap_or(u64::MAX));
    let seconds = milliseconds.into_iter().map(|(state, milliseconds)| {
        let duration = std::time::Duration::from_millis(milliseconds);
        (state, duration.as_secs_f64())
    });
    let actions = progress.statistics.actions.iter();
    BehaviourStatistics {
        state: progress.state.clone(),
        seconds: seconds.collect(),
        actions: actions
            .map(|(action, (completed, failed))| {
                let counts = ActionCounts {
                    completed: *completed,
                    failed: *failed,
                };
                (action.clone(), counts)
            })
            .collect(),
    }
}
