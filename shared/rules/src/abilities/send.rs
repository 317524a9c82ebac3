//! Custom events: what others than the world itself send.

use contract::{EntityId, Event, NewEvent, Rejection, RejectionCause, RejectionCode, Target};
use serde_json::value::RawValue;

use super::origin::Origin;
use super::trigger::trigger_abilities;
use crate::decider::Decider;
use crate::entities::require_entity;
use crate::event_types::check_data;
use crate::rejection::{invalid, reject};
use crate::text::check_text;
use crate::world::World;

/// The most that may be attached to an event beside its payload.
const METADATA_BYTES_MAX: usize = 64 * 1024;
/// The longest description or summary of an event.
const LINE_BYTES_MAX: usize = 4096;

/// Checks that the chat is there which an event at a field names. Chats are none of this feature's:
/// those who send know of them.
pub(crate) type CheckChat = fn(&World, &NewEvent, &str) -> Result<(), Rejection>;

/// How a custom event is sent.
#[derive(Clone, Copy)]
pub(crate) struct SendContext<'a> {
    pub(crate) sender: &'a EntityId,
    pub(crate) origin: Origin<'a>,
    /// Where it stands in what was sent.
    pub(crate) field: &'a str,
    pub(crate) check_chat: CheckChat,
}

/// Sends events in the name of the command's sender, all of them or none.
pub(crate) fn send_all(
    world: &World,
    events: &[NewEvent],
    check_chat: CheckChat,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if events.is_empty() {
        return Err(invalid("events", "at least one event"));
    }
    for (index, event) in events.iter().enumerate() {
        let context = SendContext {
            sender: decider.sender(),
            origin: Origin::default(),
            field: &format!("events[{index}]"),
            check_chat,
        };
        send(world, event, context, decider)?;
    }
    Ok(())
}

/// Sends a custom event, with the runs of the abilities that it triggers: all of them, or nothing.
pub(crate) fn send(
    world: &World,
    new: &NewEvent,
    context: SendContext<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    check_event(world, new, context.field, context.check_chat)?;
    let event = Event {
        id: decider.next_id(),
        event_type: new.event_type.clone(),
        sender: context.sender.clone(),
        target: new.target.clone(),
        chat: new.chat.clone(),
        causation: new.causation,
        correlation: new.correlation,
        trace: decider.trace().cloned(),
        schema: new.schema.clone(),
        description: new.description.clone(),
        summary: new.summary.clone(),
        metadata: new.metadata.clone(),
        data: new.data.clone(),
    };
    decider.transaction(|decider| {
        decider.push_custom(event.clone());
        trigger_abilities(world, &event, context.origin, decider)
    })
}

/// Whether a custom event may be sent; `field` is where it stands in what was sent.
pub(crate) fn check_event(
    world: &World,
    event: &NewEvent,
    field: &str,
    check_chat: CheckChat,
) -> Result<(), Rejection> {
    if event.event_type.is_reserved() {
        let detail = format!("only the world itself sends {}", event.event_type);
        return Err(reject(
            RejectionCode::ReservedType,
            detail,
            Some(format!("{field}.type")),
        ));
    }
    if let Some(Target::Entities(entities)) = &event.target {
        for entity in entities
            .iter()
            .filter(|entity| **entity != EntityId::world())
        {
            let found = require_entity(world, entity, &format!("{field}.target"));
            found.map_err(|rejection| Rejection {
                cause: Some(RejectionCause::UnknownTarget),
                ..rejection
            })?;
        }
    }
    check_chat(world, event, field)?;
    check_data(world, event, field)?;
    for (text, name) in [
        (&event.description, "description"),
        (&event.summary, "summary"),
        (&event.schema, "schema"),
    ] {
        if let Some(text) = text {
            check_text(text, LINE_BYTES_MAX, &format!("{field}.{name}"))?;
        }
    }
    match &event.metadata {
        Some(metadata) => check_metadata(metadata, &format!("{field}.metadata")),
        None => Ok(()),
    }
}

fn check_metadata(metadata: &RawValue, field: &str) -> Result<(), Rejection> {
    if !metadata.get().starts_with('{') {
        return Err(invalid(field, "metadata is a JSON object"));
    }
    check_text(metadata.get(), METADATA_BYTES_MAX, field)
}
