//! Custom events: what others than the world itself send.

use contract::chat::ChatText;
use contract::{EntityId, Event, NewEvent, Rejection, RejectionCode, Target};

use super::ability::{self, Origin};
use super::state::World;
use super::{Decided, Decision, event_types, invalid, message, reject};

/// The most that may be attached to an event beside what it says.
const METADATA_BYTES_MAX: usize = 64 * 1024;
/// The longest description or summary of an event.
const LINE_BYTES_MAX: usize = 4096;

pub(super) fn send_all(
    world: &World,
    drafts: &[NewEvent],
    line: Option<&ChatText>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if drafts.is_empty() {
        return Err(invalid("events", "at least one event"));
    }
    for (index, draft) in drafts.iter().enumerate() {
        let sender = decision.request.sender.clone();
        let field = format!("events[{index}]");
        send(world, draft, sender, Origin::default(), &field, decision)?;
    }
    line.map_or(Ok(()), |line| say(world, line, decision))
}

/// What is said together with events, of which the first led to it.
fn say(world: &World, line: &ChatText, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let (first, place) = (decision.events.first(), decision.events.len());
    let cause = first.map(|decided| decided.event.id);
    let posted = message::post(world, &line.chat, &line.text, None, decision);
    if let Some(said) = decision.events.get_mut(place) {
        said.event.causation = cause;
    }
    posted.map_err(|refused| {
        let field = match &refused.field {
            Some(field) => format!("message.{field}"),
            None => "message".to_owned(),
        };
        Rejection {
            field: Some(field),
            ..refused
        }
    })
}

/// A custom event, and the runs of the abilities that answer it: all of them, or nothing. `field` is
/// where it stands in what was sent.
pub(super) fn send(
    world: &World,
    draft: &NewEvent,
    sender: EntityId,
    origin: Origin<'_>,
    field: &str,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    check_draft(world, draft, field)?;
    let event = Event {
        id: decision.next_id(),
        event_type: draft.event_type.clone(),
        sender,
        target: draft.target.clone(),
        chat: draft.chat.clone(),
        causation: draft.causation,
        correlation: draft.correlation,
        trace: decision.request.trace.clone(),
        schema: draft.schema.clone(),
        description: draft.description.clone(),
        summary: draft.summary.clone(),
        metadata: draft.metadata.clone(),
        data: draft.data.clone(),
    };
    decision.whole(|decision| {
        let sent = event.clone();
        decision.events.push(Decided { event, fact: None });
        ability::answer(world, &sent, origin, decision)
    })
}

pub(super) fn check_draft(world: &World, draft: &NewEvent, field: &str) -> Result<(), Rejection> {
    if draft.event_type.is_reserved() {
        let detail = format!("only the world itself sends {}", draft.event_type);
        return Err(reject(
            RejectionCode::ReservedType,
            detail,
            Some(format!("{field}.type")),
        ));
    }
    if let Some(Target::Entities(entities)) = &draft.target {
        for entity in entities
            .iter()
            .filter(|entity| **entity != EntityId::world())
        {
            world.check_entity(entity, &format!("{field}.target"))?;
        }
    }
    if let Some(chat) = &draft.chat {
        world.check_chat(chat, &format!("{field}.chat"))?;
    }
    event_types::check_data(world, draft, field)?;
    for (text, name) in [
        (&draft.description, "description"),
        (&draft.summary, "summary"),
        (&draft.schema, "schema"),
    ] {
        if let Some(text) = text {
            World::check_text(text, LINE_BYTES_MAX, &format!("{field}.{name}"))?;
        }
    }
    let is_object = |metadata: &serde_json::value::RawValue| metadata.get().starts_with('{');
    if draft
        .metadata
        .as_deref()
        .is_some_and(|metadata| !is_object(metadata))
    {
        return Err(invalid(
            format!("{field}.metadata"),
            "metadata is a JSON object",
        ));
    }
    if let Some(metadata) = &draft.metadata {
        World::check_text(
            metadata.get(),
            METADATA_BYTES_MAX,
            &format!("{field}.metadata"),
        )?;
    }
    Ok(())
}
