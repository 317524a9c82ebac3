//! Calls of abilities: each becomes the event that triggers one.

use contract::ability::{Executor, Trigger};
use contract::flow::NodeStep;
use contract::purpose::Question;
use contract::run::RunResult;
use contract::tool::{Tool, ToolCall, ToolResult};
use contract::{ChatId, EntityId, EventId, NewEvent, Rejection, Target};
use uuid::Uuid;

use crate::abilities::{
    AbilityCall, CheckChat, Origin, SendContext, check_arguments, check_event, find, output_of,
    result_text, send,
};
use crate::decider::Decider;
use crate::world::World;

/// The event of a call names no chat but the one that its agent answers in.
const NO_CHAT: CheckChat = |_, _, _| Ok(());

/// The event that a call becomes, or why it becomes none.
pub(crate) fn event_of_call(
    world: &World,
    agent: &EntityId,
    call: &ToolCall,
) -> Result<NewEvent, String> {
    let missing = || format!("there is no ability {}", call.name);
    let Some(Tool::Ability {
        entity,
        ability,
        target,
    }) = &call.tool
    else {
        return Err(missing());
    };
    let ability = find(world, agent, entity, ability).ok_or_else(missing)?;
    let Trigger::Type(event_type) = &ability.trigger else {
        return Err(missing());
    };
    // What an agent sends by an ability of its own that needs no run is for everyone.
    let is_for_everyone = entity == agent && ability.run == Executor::Client {};
    let target = target
        .as_ref()
        .or((!is_for_everyone).then_some(entity))
        .cloned();
    let event = NewEvent {
        target: target.map(|target| Target::Entities(vec![target])),
        description: Some(ability.description.clone()).filter(|text| !text.is_empty()),
        ..NewEvent::new(event_type.clone(), call.arguments.clone())
    };
    let describe = |rejection: Rejection| match rejection.field {
        Some(field) => format!("{}: {field}", rejection.detail),
        None => rejection.detail,
    };
    check_arguments(ability, &event.data, "arguments").map_err(describe)?;
    check_event(world, &event, "call", NO_CHAT).map_err(describe)?;
    Ok(event)
}

/// Sends the event of a call that was authorized, on the way to the answer of a message.
pub(super) fn send_call(
    world: &World,
    agent: &EntityId,
    question: &Question,
    call: &ToolCall,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let context = NewContext {
        chat: Some(&question.chat),
        causation: EventId(question.message.0),
        correlation: question.turn.0,
    };
    let by = |ability| AbilityCall {
        question: Some(question),
        ..ability
    };
    send_event(world, agent, call, context, by, decider)
}

/// Sends the event of a call that was authorized, of an agent that handles an event of a session.
pub(crate) fn send_in_session(
    world: &World,
    agent: &EntityId,
    step: &NodeStep,
    call: &ToolCall,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let context = NewContext {
        chat: None,
        causation: step.event,
        correlation: step.session.0,
    };
    let by = |ability| AbilityCall {
        node: Some(step),
        ..ability
    };
    send_event(world, agent, call, context, by, decider)
}

/// To what the event of a call belongs.
#[derive(Clone, Copy)]
struct NewContext<'a> {
    chat: Option<&'a ChatId>,
    causation: EventId,
    correlation: Uuid,
}

fn send_event<'a>(
    world: &World,
    agent: &'a EntityId,
    call: &'a ToolCall,
    belongs: NewContext<'_>,
    by: impl Fn(AbilityCall<'a>) -> AbilityCall<'a>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(Tool::Ability {
        entity, ability, ..
    }) = &call.tool
    else {
        return Ok(());
    };
    let Ok(event) = event_of_call(world, agent, call) else {
        return Ok(());
    };
    let event = NewEvent {
        chat: belongs.chat.cloned(),
        causation: Some(belongs.causation),
        correlation: Some(belongs.correlation),
        ..event
    };
    let call = by(AbilityCall {
        id: &call.id,
        agent,
        entity,
        ability,
        question: None,
        node: None,
    });
    let context = SendContext {
        sender: agent,
        origin: Origin {
            run: None,
            call: Some(call),
        },
        field: "call",
        check_chat: NO_CHAT,
    };
    send(world, &event, context, decider)
}

/// What the model gets of the run of an ability: its output, else the events that it sent.
pub(super) fn ability_result(result: &RunResult) -> ToolResult {
    ToolResult {
        text: result_text(output_of(result).as_deref()),
        failed: false,
    }
}
