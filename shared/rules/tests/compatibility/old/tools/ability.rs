//! Calls of abilities: each becomes the event that asks for one.

use contract::run::RunResult;
use contract::tool::{Tool, ToolCall, ToolResult};
use contract::{EntityId, EventType, NewEvent, Rejection, Target};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::old::ability::{Call, Origin, check_arguments, find};
use crate::old::state::{Open, World};
use crate::old::{Decision, event};
use contract::ability::{Executor, Trigger};

/// The event that a call becomes, or why it becomes none.
pub(in crate::old) fn event_of(
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
    // What an agent says by an ability of its own, and nobody does, is for everyone.
    let is_said = entity == agent && ability.run == Executor::Client {};
    let target = target.as_ref().or((!is_said).then_some(entity)).cloned();
    let draft = NewEvent {
        target: target.map(|target| Target::Entities(vec![target])),
        description: Some(ability.description.clone()).filter(|text| !text.is_empty()),
        ..NewEvent::new(event_type.clone(), call.arguments.clone())
    };
    let say = |rejection: Rejection| match rejection.field {
        Some(field) => format!("{}: {field}", rejection.detail),
        None => rejection.detail,
    };
    check_arguments(ability, &draft.data, "arguments").map_err(say)?;
    event::check_draft(world, &draft, "call").map_err(say)?;
    Ok(draft)
}

/// Sends the event of a call that was admitted.
pub(super) fn call(
    world: &World,
    open: &Open,
    call: &ToolCall,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let (
        Some((chat, question)),
        Some(Tool::Ability {
            entity, ability, ..
        }),
    ) = (&open.answers, &call.tool)
    else {
        return Ok(());
    };
    let Ok(draft) = event_of(world, &open.agent, call) else {
        return Ok(());
    };
    let draft = NewEvent {
        chat: Some(chat.clone()),
        causation: Some(contract::EventId(question.id.0)),
        correlation: Some(question.turn.0),
        ..draft
    };
    let origin = Origin {
        run: None,
        call: Some(Call {
            id: &call.id,
            agent: &open.agent,
            entity,
            ability,
            answers: Some((chat, question)),
        }),
    };
    event::send(world, &draft, open.agent.clone(), origin, "call", decision)
}

/// An event, as a model is told of it.
#[derive(Serialize)]
struct Sent<'a> {
    #[serde(rename = "type")]
    event_type: &'a EventType,
    data: &'a RawValue,
}

/// What a run tells the model: its output, else the events that it sent.
pub(super) fn result(completed: &RunResult) -> ToolResult {
    let events = completed.events.iter().map(|event| Sent {
        event_type: &event.event_type,
        data: &event.data,
    });
    let events: Vec<Sent<'_>> = events.collect();
    let text = match &completed.output {
        Some(output) => output.get().to_owned(),
        None if events.is_empty() => "done".to_owned(),
        None => serde_json::to_string(&events).unwrap_or_default(),
    };
    ToolResult {
        text,
        failed: false,
    }
}
