//! Events and rejections of the scripted world.

use contract::{EntityId, Event, EventId, Fact, MessageId, NewEvent, Rejection, RejectionCode};

pub(crate) fn event(id: EventId, sender: &EntityId, draft: NewEvent) -> Event {
    Event {
        id,
        event_type: draft.event_type,
        sender: sender.clone(),
        target: draft.target,
        chat: draft.chat,
        causation: draft.causation,
        correlation: draft.correlation,
        trace: None,
        schema: draft.schema,
        description: draft.description,
        summary: draft.summary,
        metadata: draft.metadata,
        data: draft.data,
    }
}

pub(super) fn fact(id: EventId, sender: &str, turn: Option<MessageId>, fact: &Fact) -> Event {
    let mut draft = NewEvent::new(fact.event_type(), fact.to_data().unwrap());
    draft.correlation = turn.map(|MessageId(id)| id);
    event(id, &sender.parse().unwrap(), draft)
}

pub(super) fn reject(code: RejectionCode, field: &str) -> Rejection {
    Rejection {
        code,
        detail: "the scripted world rejects it".to_owned(),
        field: Some(field.to_owned()),
        cause: None,
    }
}
