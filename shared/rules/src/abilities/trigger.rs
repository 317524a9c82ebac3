//! Which runs an event triggers.

use contract::ability::{Ability, Executor, Trigger};
use contract::fact::{ActionFailed, ActionRequested};
use contract::interaction::{InteractionRequested, StreamBindings};
use contract::{
    ActionName, Entity, Event, EventId, Fact, Purpose, Rejection, RejectionCode, Target,
};
use serde_json::value::to_raw_value;

use super::check::check_arguments;
use super::origin::{AbilityCall, Origin};
use crate::decider::{Decider, EventHeader};
use crate::rejection::{reject, too_large};
use crate::runs::{self, DEADLINE_DEFAULT, OPEN_MAX, OpenRun, QUEUED_MAX, RunStart, next_start};
use crate::world::World;

/// Runs that one event may trigger: each is in the same commit.
const RUNS_MAX: usize = 256;
/// Runs that lead to one another, each by an event that it sends: more go round in circles.
const DEPTH_MAX: u32 = 32;

/// Requests the runs of all abilities that an event triggers.
pub(super) fn trigger_abilities(
    world: &World,
    event: &Event,
    origin: Origin<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let mut runs = 0;
    for entity in world.entities.triggered_by(&event.event_type) {
        for ability in &entity.abilities {
            let Executor::Worker(action) = &ability.run else {
                continue;
            };
            if !is_triggered(entity, ability, event) || is_its_own(entity, ability, origin) {
                continue;
            }
            if let Err(rejection) = check_arguments(ability, &event.data, "data") {
                // What is for everyone need not be for each; what names this entity is meant for it.
                if is_named(entity, event) {
                    return Err(rejection);
                }
                continue;
            }
            runs += 1;
            if runs > RUNS_MAX {
                let detail = format!("more than {RUNS_MAX} abilities answer {}", event.event_type);
                return Err(too_large(detail, None));
            }
            if world.runs.len() + runs > OPEN_MAX {
                let detail = "too many runs are open";
                return Err(reject(RejectionCode::Busy, detail, None));
            }
            if is_gated(world, entity, origin) {
                request_of_machine(entity, ability, event, origin, decider)?;
            } else {
                request_run(world, (entity, ability), action, event, origin, decider)?;
            }
        }
    }
    Ok(())
}

/// Whether an event is for an ability: what is for nobody is for everyone, and what an entity sends
/// under the type of its own ability triggers that ability, no matter for whom the event is.
fn is_triggered(entity: &Entity, ability: &Ability, event: &Event) -> bool {
    let is_own = event.sender == entity.id;
    let is_for = event
        .target
        .as_ref()
        .is_none_or(|target| target.names(&entity.id));
    match &ability.trigger {
        Trigger::Any => is_for && !is_own,
        Trigger::Type(event_type) => *event_type == event.event_type && (is_for || is_own),
    }
}

/// Whether an event is for an entity alone, or for it and some others.
fn is_named(entity: &Entity, event: &Event) -> bool {
    let target = event.target.as_ref();
    target.is_some_and(|target| target.names(&entity.id))
}

/// What an ability sends does not trigger it again: it would never end.
fn is_its_own(entity: &Entity, ability: &Ability, origin: Origin<'_>) -> bool {
    origin
        .run
        .is_some_and(|run| run.entity == entity.id && runs_ability(run, ability))
}

/// Whether a run is one of an ability; for an entity with a behaviour, it is one of a request.
fn runs_ability(run: &OpenRun, ability: &Ability) -> bool {
    match &run.purpose {
        Purpose::Ability { name, .. } => *name == ability.name,
        Purpose::Interaction(_) => ability.run == Executor::Worker(run.action.clone()),
        _ => false,
    }
}

/// Whether the behaviour of an entity decides when it does what an event triggers. What its own model calls
/// on the way to its answer is part of that answer, which its behaviour has accepted already.
fn is_gated(world: &World, entity: &Entity, origin: Origin<'_>) -> bool {
    let answers = |call: AbilityCall<'_>| {
        let is_answer = call.question.is_some() || call.node.is_some_and(|step| step.answers);
        *call.agent == entity.id && is_answer
    };
    world.entities.has_machine(&entity.id) && !origin.call.is_some_and(answers)
}

/// The call of a model that triggers this ability; none when the event is somebody's.
fn call_of<'a>(entity: &Entity, ability: &Ability, origin: Origin<'a>) -> Option<AbilityCall<'a>> {
    origin
        .call
        .filter(|call| *call.entity == entity.id && *call.ability == ability.name)
}

/// Requests an ability of an entity that has a behaviour, which accepts it or not.
fn request_of_machine(
    entity: &Entity,
    ability: &Ability,
    event: &Event,
    origin: Origin<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let targets = vec![entity.id.clone()];
    let requested = InteractionRequested {
        action: Some(ability.name.clone()),
        targets: targets.clone(),
        arguments: to_raw_value(event).ok(),
        streams: StreamBindings::default(),
        samples: Vec::new(),
        steps: 1,
        deadline: decider.now() + DEADLINE_DEFAULT,
        from_state: None,
        to_state: None,
        volatile: false,
        callback: None,
        callback_of: None,
        state_action: false,
        caller: call_of(entity, ability, origin).map(|call| call.caller()),
        node: None,
    };
    let header = EventHeader {
        sender: Some(event.sender.clone()),
        target: Some(Target::Entities(targets)),
        causation: Some(event.id),
        correlation: event.correlation.or(Some(event.id.0)),
        ..EventHeader::default()
    };
    decider.push_with(Fact::InteractionRequested(requested), header)
}

fn request_run(
    world: &World,
    (entity, ability): (&Entity, &Ability),
    action: &ActionName,
    event: &Event,
    origin: Origin<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let start = match ability.concurrent {
        true => RunStart::Now,
        false => next_start(world, &entity.id, decider),
    };
    // Who names the entity in a command can try again. A run or a model that sends the event can't, and what
    // is for everyone is not refused because of one of them: then the run fails, and the event is in the log.
    let is_command = origin.run.is_none() && origin.call.is_none();
    if start == RunStart::QueueFull && is_command && is_named(entity, event) {
        return Err(reject(RejectionCode::Busy, too_many_queued(entity), None));
    }
    let depth = origin.run.map_or(0, |run| run.depth + 1);
    let call = call_of(entity, ability, origin);
    let purpose = Purpose::Ability {
        name: ability.name.clone(),
        caller: call.map(|call| call.caller()),
    };
    let deadline = decider.now() + DEADLINE_DEFAULT;
    let requested = ActionRequested {
        arguments: to_raw_value(event).ok(),
        depth,
        concurrent: ability.concurrent,
        queued: start != RunStart::Now,
        ..purpose.request(action.clone(), entity.id.clone(), deadline)
    };
    let correlation = event.correlation.or(Some(event.id.0));
    let header = EventHeader {
        causation: Some(event.id),
        correlation,
        ..EventHeader::default()
    };
    let id = decider.next_id().run();
    runs::request(requested, &purpose, header, decider)?;
    let (code, reason) = if depth > DEPTH_MAX {
        let reason = format!("{DEPTH_MAX} runs led to one another: this goes round in circles");
        ("too_deep", reason)
    } else if start == RunStart::QueueFull {
        ("queue_full", too_many_queued(entity))
    } else {
        return Ok(());
    };
    let failed = ActionFailed {
        run: id,
        call: purpose.call().map(ToOwned::to_owned),
        code: code.to_owned(),
        reason,
    };
    let header = EventHeader {
        sender: Some(entity.id.clone()),
        chat: purpose.chat().cloned(),
        causation: Some(EventId(id.0)),
        correlation,
        ..EventHeader::default()
    };
    decider.push_with(Fact::ActionFailed(failed), header)
}

fn too_many_queued(entity: &Entity) -> String {
    format!("{QUEUED_MAX} runs of {} wait already", entity.id)
}
