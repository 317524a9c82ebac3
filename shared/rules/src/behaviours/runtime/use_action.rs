//! Built-in actions that an entity uses by a command, and not by its machine.

use contract::behaviour::{MemoryChange, UsedAction};
use contract::interaction::{NewInteraction, StreamBindings};
use contract::{ActionName, EntityId, Fact, InteractionId, Rejection, Timestamp, action};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::local::{self, Call, Outcome};
use super::own;
use super::requests::Sent;
use super::resolve::Actor;
use super::sends;
use super::use_check::{check_report, check_use};
use crate::behaviours::catalogue::{BuiltIn, Class, built_in};
use crate::behaviours::wildcards::resolve;
use crate::decider::{Decider, EventHeader};
use crate::interactions::{self, OpenInteraction};
use crate::rejection::invalid;
use crate::world::World;

/// The fields of an interaction that may be among the arguments of a run.
const OF_RUN: &[&str] = &[
    "streams",
    "num_steps",
    "timeout",
    "data_samples",
    "copy_sys",
];
/// Those that may be among the arguments of `record`.
const OF_RECORD: &[&str] = &["streams", "num_steps"];
const RECORD: &str = "record";

/// Uses a built-in action in the name of the command's sender, for one of the requests that it has open, or
/// for none.
pub(crate) fn use_action(
    world: &World,
    (action, arguments, interaction): (&ActionName, Option<&RawValue>, Option<InteractionId>),
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let built_in = usable(action)?;
    let request = interaction
        .map(|id| open_request(world, id, decider.sender()))
        .transpose()?;
    let actor = Actor::new(world, decider.sender());
    let call = Call {
        request: request.filter(|(_, open)| open.requester != *actor.id),
        ..call_of(actor, built_in, arguments)?
    };
    let is_done_at_once = built_in.class != Class::Run;
    if is_done_at_once && built_in.needs_input && call.request.is_none() {
        let detail = format!("{action} is done for a request of another: name it as interaction");
        return Err(invalid("action", detail));
    }
    let mut change = MemoryChange::default();
    let mut begun = None;
    let is_true = match built_in.class {
        Class::Run => {
            let request = request.map(|(id, _)| id);
            begun = own::begin_by_command(actor, built_in, &call, request, decider)?;
            begun.is_some()
        }
        Class::Sends => {
            let sent = sends::send(actor, built_in.name, &call.args, decider)?;
            sent != Sent::Done(false)
        }
        Class::Local | Class::Guard => {
            let acted = local::act(actor, built_in.name, &call, decider)?;
            change = acted.change;
            acted.outcome == Outcome::True
        }
    };
    change.used = Some(UsedAction {
        command: decider.command(),
        action: action.to_string(),
        result: is_true,
        interaction: begun,
    });
    let header = EventHeader::sent_by(actor.id);
    decider.push_with(Fact::BehaviourChanged(change), header)
}

/// The built-in action of a name that an entity can use by a command.
fn usable(action: &ActionName) -> Result<&'static BuiltIn, Rejection> {
    let Some(built_in) = built_in(action.as_str()) else {
        let detail = format!("{action} is no built-in action");
        return Err(invalid("action", detail));
    };
    if built_in.name == action::RESPOND {
        let detail = "respond is for messages of chats: post one";
        return Err(invalid("action", detail));
    }
    Ok(built_in)
}

/// A request that an entity has open.
fn open_request<'a>(
    world: &'a World,
    id: InteractionId,
    entity: &EntityId,
) -> Result<(InteractionId, &'a OpenInteraction), Rejection> {
    let open = world.interactions.get(id);
    match open.filter(|open| open.is_open_for(entity)) {
        Some(open) => Ok((id, open)),
        None => {
            let detail = format!("{entity} has no open request {id}");
            Err(invalid("interaction", detail))
        }
    }
}

/// The arguments of an action, with the values of wildcards.
fn call_of<'a>(
    actor: Actor<'_>,
    built_in: &BuiltIn,
    arguments: Option<&RawValue>,
) -> Result<Call<'a>, Rejection> {
    let mut args = parse(arguments)?;
    let mut interaction = Map::new();
    let fields = match built_in.class {
        Class::Run => OF_RUN,
        _ if built_in.name == RECORD => OF_RECORD,
        _ => &[],
    };
    for field in fields {
        if built_in.argument(field).is_none()
            && let Some(value) = args.remove(*field)
        {
            interaction.insert((*field).to_owned(), value);
        }
    }
    check_interaction(&interaction)?;
    built_in.check(&args, "arguments")?;
    check_use(built_in, &args, "arguments")?;
    check_report(actor, built_in, &args, "arguments")?;
    let wildcards = actor.wildcards();
    Ok(Call {
        args: resolve(&args, &wildcards),
        interaction: resolve(&interaction, &wildcards),
        request: None,
    })
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
        run: None,
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
