//! The event that triggers an ability.

use std::ops::Deref;

use contract::{ChatId, EntityId, EventId, Target};
use serde_json::value::RawValue;
use service_kit::ErrorChain;

use crate::error::Error;
use crate::event::{Event, EventError};

/// An event that has triggered an ability. It dereferences to the data of the event.
#[derive(Debug)]
pub struct Received<E> {
    /// The data of the event.
    pub event: E,
    /// The id of the event.
    pub id: EventId,
    /// Who sent it.
    pub sender: EntityId,
    /// Whom it is for; absent when it is for everyone in the world.
    pub target: Option<Target>,
    /// The chat that it belongs to.
    pub chat: Option<ChatId>,
}

impl<E> Deref for Received<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}

impl<E: Event> Received<E> {
    /// Decodes the arguments of a run.
    pub(crate) fn decode(arguments: Option<&RawValue>) -> Result<Self, Error> {
        let bad = |reason: String| Error::failed("bad_event", reason);
        let arguments = arguments.map_or("null", RawValue::get);
        let event: contract::Event = serde_json::from_str(arguments)
            .map_err(|error| bad(format!("the arguments are not an event: {error}")))?;
        let event_type = event.event_type.clone();
        Self::from_event(event)
            .map_err(|error| bad(ErrorChain(&error).to_string()))?
            .ok_or_else(|| bad(format!("the event type {event_type} is not {}", E::TYPE)))
    }

    /// Decodes an event; `None` when it is of another type.
    pub(crate) fn from_event(event: contract::Event) -> Result<Option<Self>, EventError> {
        let data = E::decode(&event)?;
        Ok(data.map(|data| Self {
            event: data,
            id: event.id,
            sender: event.sender,
            target: event.target,
            chat: event.chat,
        }))
    }
}
