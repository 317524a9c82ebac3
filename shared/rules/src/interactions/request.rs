//! How an interaction is requested.

use std::collections::BTreeSet;

use contract::flow::NodeStep;
use contract::interaction::{
    InteractionRequested, InteractionStep, NewInteraction, StreamBindings,
};
use contract::{
    EntityId, Fact, InteractionId, Purpose, Rejection, RejectionCode, RoleName, Target,
};
use serde_json::value::RawValue;

use super::context::interaction_context;
use super::data;
use super::limits::{
    ARGUMENTS_BYTES_MAX, DEADLINE_DEFAULT, OPEN_MAX, STATE_NAME_BYTES_MAX, STEPS_MAX, TARGETS_MAX,
};
use super::samples::{Samples, parse_samples};
use crate::decider::{Decider, EventHeader};
use crate::entities::require_entity;
use crate::rejection::{invalid, reject, too_large};
use crate::runs::require_open;
use crate::text::check_text;
use crate::world::World;

/// Targets of this form are all others that have a role.
const ROLE_PREFIX: &str = "role:";

/// What a machine adds to a request of its entity.
#[derive(Clone, Copy, Default)]
pub(crate) struct ByMachine {
    /// The interaction whose callback it is.
    pub(crate) callback_of: Option<InteractionId>,
    /// Whether it is for the action of the machine's state.
    pub(crate) state_action: bool,
    /// The position of the first sample that is read; that of the latest ones when absent.
    pub(crate) from: Option<u64>,
    /// The steps of another request of the entity whose samples it reads.
    pub(crate) reads: Option<InteractionStep>,
}

/// Requests an interaction in the name of the command's sender.
pub(crate) fn request(
    world: &World,
    new: &NewInteraction,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let requester = decider.sender();
    request_as(world, requester, new, ByMachine::default(), decider).map(|_| ())
}

/// Requests an interaction in the name of an entity.
pub(crate) fn request_as(
    world: &World,
    requester: &EntityId,
    new: &NewInteraction,
    by_machine: ByMachine,
    decider: &mut Decider<'_>,
) -> Result<InteractionId, Rejection> {
    if world.interactions.len() >= OPEN_MAX {
        let detail = format!("a world has at most {OPEN_MAX} open interactions");
        return Err(too_large(detail, None));
    }
    check_form(world, requester, new, decider)?;
    let targets = resolve_targets(world, requester, &new.targets)?;
    let samples = parse_samples(new)?;
    let reads = by_machine.reads;
    let steps = steps(new, &samples, reads.is_some())?;
    let mut streams = match reads.and_then(|step| interaction_context(world, requester, step)) {
        Some(context) => context.streams,
        None => resolve_streams(world, &new.streams, (by_machine.from, steps))?,
    };
    let stdin = samples.bind(world, requester)?;
    streams.stdin.extend(stdin);
    let requested = InteractionRequested {
        action: new.action.clone(),
        arguments: new.arguments.clone(),
        streams,
        samples: samples.literal().to_vec(),
        steps,
        deadline: new.deadline.unwrap_or(decider.now() + DEADLINE_DEFAULT),
        from_state: new.from_state.clone(),
        to_state: new.to_state.clone(),
        volatile: new.volatile,
        callback: new.callback.clone(),
        callback_of: by_machine.callback_of,
        state_action: by_machine.state_action,
        caller: None,
        node: requesting_node(world, requester, new)?,
        targets: targets.clone(),
    };
    let id = decider.next_id();
    let header = EventHeader {
        sender: Some(requester.clone()),
        target: Some(Target::Entities(targets)),
        correlation: Some(id.0),
        ..EventHeader::default()
    };
    decider.push_with(Fact::InteractionRequested(requested), header)?;
    samples.append(world, requester, id.interaction(), decider)?;
    Ok(id.interaction())
}

/// The event of a session during which a node requests it.
fn requesting_node(
    world: &World,
    requester: &EntityId,
    new: &NewInteraction,
) -> Result<Option<Box<NodeStep>>, Rejection> {
    let Some(id) = new.run else {
        return Ok(None);
    };
    let run = require_open(world, id)?;
    let Purpose::Node(step) = &run.purpose else {
        let detail = format!("the invocation {id} handles no event of a session");
        return Err(invalid("invocation", detail));
    };
    if *requester != run.entity {
        let detail = format!("{requester} is not the agent of this node");
        let field = Some("sender".to_owned());
        return Err(reject(RejectionCode::NotAllowed, detail, field));
    }
    Ok(Some(step.clone()))
}

/// Checks what does not depend on the targets.
fn check_form(
    world: &World,
    requester: &EntityId,
    new: &NewInteraction,
    decider: &Decider<'_>,
) -> Result<(), Rejection> {
    if new
        .deadline
        .is_some_and(|deadline| deadline <= decider.now())
    {
        return Err(invalid("deadline", "the deadline has passed"));
    }
    if new.volatile && new.callback.is_some() {
        let detail =
            "the end of a volatile interaction is not reported: it can not have a callback";
        return Err(invalid("callback", detail));
    }
    if new.callback.is_some() && !world.entities.has_machine(requester) {
        let detail = "a callback is an action of the requester's behaviour, and it has none";
        return Err(invalid("callback", detail));
    }
    for (field, state) in [("from_state", &new.from_state), ("to_state", &new.to_state)] {
        if let Some(state) = state {
            check_text(state, STATE_NAME_BYTES_MAX, field)?;
        }
    }
    match &new.arguments {
        Some(arguments) => check_arguments(arguments),
        None => Ok(()),
    }
}

fn check_arguments(arguments: &RawValue) -> Result<(), Rejection> {
    if arguments.get().len() > ARGUMENTS_BYTES_MAX {
        let bytes = arguments.get().len();
        let detail = format!("{bytes} bytes; at most {ARGUMENTS_BYTES_MAX} are taken");
        return Err(too_large(detail, Some("arguments".to_owned())));
    }
    if !arguments.get().starts_with('{') {
        return Err(invalid("arguments", "the arguments are a JSON object"));
    }
    Ok(())
}

/// The entities that are meant, each once, in the order in which they are named.
fn resolve_targets(
    world: &World,
    requester: &EntityId,
    targets: &[String],
) -> Result<Vec<EntityId>, Rejection> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, target) in targets.iter().enumerate() {
        let field = format!("targets[{index}]");
        for id in resolve_target(world, requester, target, &field)? {
            if seen.insert(id.clone()) {
                found.push(id);
            }
        }
    }
    if found.is_empty() {
        return Err(invalid("targets", "at least one target"));
    }
    if found.len() > TARGETS_MAX {
        let detail = format!("{} targets; at most {TARGETS_MAX} are taken", found.len());
        return Err(too_large(detail, Some("targets".to_owned())));
    }
    Ok(found)
}

fn resolve_target(
    world: &World,
    requester: &EntityId,
    target: &str,
    field: &str,
) -> Result<Vec<EntityId>, Rejection> {
    let Some(role) = target.strip_prefix(ROLE_PREFIX) else {
        let id: EntityId = target
            .parse()
            .map_err(|error| invalid(field, format!("{error}")))?;
        require_entity(world, &id, field)?;
        return Ok(vec![id]);
    };
    let role: RoleName = role
        .parse()
        .map_err(|error| invalid(field, format!("{error}")))?;
    let entities = world.entities.iter();
    let members = entities.filter(|entity| entity.role.as_ref() == Some(&role));
    let others: Vec<EntityId> = members
        .map(|entity| entity.id.clone())
        .filter(|id| id != requester)
        .collect();
    if others.is_empty() {
        let detail = format!("nobody else in the world {} has the role {role}", world.id);
        let field = Some(field.to_owned());
        return Err(reject(RejectionCode::UnknownEntity, detail, field));
    }
    Ok(others)
}

fn steps(new: &NewInteraction, samples: &Samples, reads: bool) -> Result<u32, Rejection> {
    let given = samples.len();
    let steps = new
        .steps
        .unwrap_or_else(|| given.map_or(1, |given| given.max(1)));
    if !(1..=STEPS_MAX).contains(&steps) {
        return Err(invalid("steps", format!("from 1 to {STEPS_MAX}")));
    }
    if given.is_some_and(|given| given < steps) {
        let detail = format!("{steps} steps need as many samples");
        return Err(invalid("samples", detail));
    }
    if steps > 1 && given.is_none() && new.streams.is_empty() && !reads {
        return Err(invalid("steps", "several steps need samples or streams"));
    }
    Ok(steps)
}

type Bound = StreamBindings<contract::interaction::BoundStream>;

fn resolve_streams(
    world: &World,
    streams: &StreamBindings<String>,
    (from, steps): (Option<u64>, u32),
) -> Result<Bound, Rejection> {
    let resolve = |names: &[String], use_name: &str| {
        let bound = names.iter().enumerate().map(|(index, name)| {
            let field = format!("streams.{use_name}[{index}]");
            let mut bound = data::bind(world, name, steps, &field)?;
            bound.from = from.unwrap_or(bound.from);
            Ok(bound)
        });
        bound.collect::<Result<Vec<_>, _>>()
    };
    Ok(Bound {
        stdin: resolve(&streams.stdin, "stdin")?,
        stdtar: resolve(&streams.stdtar, "stdtar")?,
        stdext: resolve(&streams.stdext, "stdext")?,
    })
}
