//! Built-in actions that an entity uses by a command, and not by its machine.

use contract::behaviour::{MemoryChange, UsedAction};
use contract::interaction::{NewInteraction, StreamBindings};
use contract::{ActionName, EntityId, Fact, Rejection, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::local::{self, Call, Outcome};
use super::requests::Sent;
use super::resolve::Actor;
use super::sends;
use super::use_check::{check_report, check_use};
use crate::behaviours::catalogue::{Class, built_in};
use crate::behaviours::wildcards::resolve;
use crate::decider::{Decider, EventHeader};
use crate::interactions;
use crate::rejection::invalid;
use crate::world::World;

/// The fields of an interaction that may be among the arguments of `record`.
const RECORD: &str = "record";
const INTERACTION: &[&str] = &["streams", "num_steps"];

/// Uses a built-in action in the name of the command's sender.
pub(crate) fn use_action(
    world: &World,
    action: &ActionName,
    arguments: Option<&RawValue>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let name = action.as_str();
    let Some(built_in) = built_in(name) else {
        return Err(invalid("action", format!("{name} is no built-in action")));
    };
    if built_in.class == Class::Run || built_in.needs_input {
        let detail = format!("{name} is done for a request: request it of the entity");
        return Err(invalid("action", detail));
    }
    let mut args = parse(arguments)?;
    let mut interaction = Map::new();
    for field in INTERACTION.iter().filter(|_| name == RECORD) {
        if let Some(value) = args.remove(*field) {
            interaction.insert((*field).to_owned(), value);
        }
    }
    check_interaction(&interaction)?;
    built_in.check(&args, "arguments")?;
    check_use(built_in, &args, "arguments")?;
    let actor = Actor::new(world, decider.sender());
    check_report(actor, built_in, &args, "arguments")?;
    let wildcards = actor.wildcards();
    let call = Call {
        args: resolve(&args, &wildcards),
        interaction: resolve(&interaction, &wildcards),
        request: None,
    };
    let (is_true, mut change) = if built_in.class == Class::Sends {
        let sent = sends::send(actor, name, &call.args, decider)?;
        (sent != Sent::Done(false), MemoryChange::default())
    } else {
        let acted = local::act(actor, name, &call, decider)?;
        (acted.outcome == Outcome::True, acted.change)
    };
    change.used = Some(UsedAction {
        command: decider.command(),
        action: name.to_owned(),
        result: is_true,
    });
    let header = EventHeader::sent_by(actor.id);
    decider.push_with(Fact::BehaviourChanged(change), header)
}

/// Requests the run of an action of an entity that has a behaviour: as a request, which its behaviour
/// accepts or not.
pub(crate) fn request_action(
    world: &World,
    entity: &EntityId,
    (action, arguments, deadline): (&ActionName, Option<&RawValue>, Option<Timestamp>),
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let new = NewInteraction {
        action: Some(action.clone()),
        targets: vec![entity.to_string()],
        arguments: arguments.map(ToOwned::to_owned),
        streams: StreamBindings::default(),
        samples: None,
        steps: None,
        deadline,
        from_state: None,
        to_state: None,
        volatile: false,
        callback: None,
    };
    interactions::request(world, &new, decider)
}

/// Checks the fields of an interaction, which `send` has as arguments of its own.
fn check_interaction(interaction: &Map<String, Value>) -> Result<(), Rejection> {
    match built_in("send") {
        Some(send) => send.check_given(interaction, "arguments"),
        None => Ok(()),
    }
}

fn parse(arguments: Option<&RawValue>) -> Result<Map<String, Value>, Rejection> {
    let Some(arguments) = arguments else {
        return Ok(Map::new());
    };
    serde_json::from_str(arguments.get())
        .map_err(|_| invalid("arguments", "the arguments are a JSON object"))
}
