//! Calls of abilities: each becomes the event that triggers one.

use contract::ability::{Executor, Trigger};
use contract::purpose::Question;
use contract::run::RunResult;
use contract::tool::{Tool, ToolCall, ToolResult};
use contract::{EntityId, EventId, NewEvent, Rejection, Target};

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

/// Sends the event of a call that was authorized.
pub(super) fn send_call(
    world: &World,
    agent: &EntityId,
    question: &Question,
    call: &ToolCall,
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
        chat: Some(question.chat.clone()),
        causation: Some(EventId(question.message.0)),
        correlation: Some(question.turn.0),
        ..event
    };
    let call = AbilityCall {
        id: &call.id,
        agent,
        entity,
        ability,
        question: Some(question),
    };
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
