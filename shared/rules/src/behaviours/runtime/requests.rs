//! Requests that an entity sends in its own name.

use contract::behaviour::MemoryChange;
use contract::interaction::NewInteraction;
use contract::{EntityId, InteractionId, Rejection};
use serde_json::{Map, Value, json};

use super::bindings::{self, Bindings};
use super::change::{push_change, raw};
use super::limits::ENGAGE_TIMEOUT;
use super::resolve::{Actor, is_on, texts};
use crate::decider::Decider;
use crate::interactions::{self, ByMachine};

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// A request.
    Request(InteractionId),
    /// It was done, or not, without a request whose end could be waited for.
    Done(bool),
}

/// Sends what the arguments of `send` say.
pub(super) fn request(
    actor: Actor<'_>,
    args: &Map<String, Value>,
    decider: &mut Decider<'_>,
) -> Sent {
    let Some(targets) = targets(actor, args.get("target")) else {
        return Sent::Done(false);
    };
    if bindings::has_nothing_to_copy(actor, args) {
        return Sent::Done(false);
    }
    let text = |name: &str| {
        args.get(name)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let action = match text("action_name").map(|name| name.parse()) {
        None => None,
        Some(Ok(action)) => Some(action),
        Some(Err(_)) => return Sent::Done(false),
    };
    let arguments = args.get("action_kwargs").and_then(Value::as_object);
    let callback = text("callback").and_then(|name| name.parse().ok());
    // What is not above 0 stands for the default.
    let timeout = args.get("timeout").and_then(Value::as_f64);
    let timeout = timeout.filter(|timeout| *timeout > 0.0);
    let bindings = bindings::of(actor, args);
    let by_machine = ByMachine {
        from: bindings.from,
        ..ByMachine::default()
    };
    let new = NewInteraction {
        deadline: timeout.map(|timeout| bindings::deadline(decider.now(), timeout)),
        from_state: text("from_state"),
        to_state: text("to_state"),
        volatile: is_on(args, "volatile"),
        callback,
        action,
        ..new_request(targets, arguments, bindings)
    };
    push(actor, &new, by_machine, decider)
}

/// The targets that an argument names; without it, those that the entity is involved with. `None` when a
/// name is nobody's, or nobody is left.
fn targets(actor: Actor<'_>, value: Option<&Value>) -> Option<Vec<String>> {
    let targets: Vec<String> = match value {
        None | Some(Value::Null) => actor.agents(None).iter().map(ToString::to_string).collect(),
        value => {
            let names = texts(value).into_iter();
            let targets = names.map(|name| {
                if name.starts_with("role:") {
                    return Some(name.to_owned());
                }
                actor.entity(name).map(|id| id.to_string())
            });
            targets.collect::<Option<_>>()?
        }
    };
    (!targets.is_empty()).then_some(targets)
}

fn new_request(
    targets: Vec<String>,
    arguments: Option<&Map<String, Value>>,
    bindings: Bindings,
) -> NewInteraction {
    let arguments = arguments.filter(|arguments| !arguments.is_empty());
    NewInteraction {
        action: None,
        targets,
        arguments: arguments.and_then(|arguments| raw(arguments).ok()),
        streams: bindings.streams,
        samples: bindings.samples,
        steps: bindings.steps,
        deadline: None,
        from_state: None,
        to_state: None,
        volatile: false,
        callback: None,
        run: None,
    }
}

/// Sends a request; it was false when the world does not take it.
fn push(
    actor: Actor<'_>,
    new: &NewInteraction,
    by_machine: ByMachine,
    decider: &mut Decider<'_>,
) -> Sent {
    let mut sent = Sent::Done(false);
    let pushed = decider.transaction(|decider| {
        let id = interactions::request_as(actor.world, actor.id, new, by_machine, decider)?;
        sent = Sent::Request(id);
        Ok(())
    });
    match pushed {
        Ok(()) => sent,
        Err(_) => Sent::Done(false),
    }
}

/// Offers to be the partner of others.
pub(super) fn offer_engagement(
    actor: Actor<'_>,
    agents: &[EntityId],
    decider: &mut Decider<'_>,
) -> Sent {
    if agents.is_empty() {
        return Sent::Done(false);
    }
    let targets = agents.iter().map(ToString::to_string).collect();
    let mut arguments = Map::new();
    if let Some(role) = actor.role() {
        arguments.insert("sender_role".to_owned(), json!(role));
    }
    let new = NewInteraction {
        action: "engage".parse().ok(),
        deadline: Some(decider.now() + ENGAGE_TIMEOUT),
        ..new_request(targets, Some(&arguments), Bindings::default())
    };
    push(actor, &new, ByMachine::default(), decider)
}

/// Requests an entity's partners to disengage; they are its partners no more.
pub(super) fn disengage(
    actor: Actor<'_>,
    disconnects: bool,
    decider: &mut Decider<'_>,
) -> Result<bool, Rejection> {
    let engaged = &actor.memory.engaged;
    if engaged.is_empty() {
        return Ok(false);
    }
    let targets = engaged.iter().map(ToString::to_string).collect();
    let mut arguments = Map::new();
    if disconnects {
        arguments.insert("disconnect_too".to_owned(), Value::Bool(true));
    }
    let new = NewInteraction {
        action: "disengage".parse().ok(),
        ..new_request(targets, Some(&arguments), Bindings::default())
    };
    let sent = push(actor, &new, ByMachine::default(), decider);
    let change = MemoryChange {
        engaged: Some(Default::default()),
        ..MemoryChange::default()
    };
    push_change(actor.id, change, decider)?;
    Ok(matches!(sent, Sent::Request(_)))
}

/// Asks others to subscribe to streams, or to end that.
pub(super) fn subscribe(
    actor: Actor<'_>,
    args: &Map<String, Value>,
    decider: &mut Decider<'_>,
) -> Sent {
    let streams: Option<Vec<String>> = texts(args.get("stream_hashes"))
        .into_iter()
        .map(|text| Some(actor.stream(text)?.to_string()))
        .collect();
    let Some(streams) = streams.filter(|streams| !streams.is_empty()) else {
        return Sent::Done(false);
    };
    let Some(targets) = targets(actor, args.get("agent")) else {
        return Sent::Done(false);
    };
    let mut arguments = Map::new();
    arguments.insert("stream_props".to_owned(), json!(streams));
    if is_on(args, "unsubscribe") {
        arguments.insert("unsubscribe".to_owned(), Value::Bool(true));
    }
    let new = NewInteraction {
        action: "subscribe".parse().ok(),
        ..new_request(targets, Some(&arguments), Bindings::default())
    };
    push(actor, &new, ByMachine::default(), decider)
}
