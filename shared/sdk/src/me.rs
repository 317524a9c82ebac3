//! What the ability of an object is given: the event that asks for it, and the object itself.

use std::ops::Deref;

use contract::ability::EntityPatch;
use contract::run::RunResult;
use contract::{ChatId, Entity, EntityId, EventId, NewEvent, Target};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::{Error, Event, Object};

/// An event that asks for an ability, and who sent it.
#[derive(Debug)]
pub struct Received<E> {
    /// What it says.
    pub event: E,
    /// Its id.
    pub id: EventId,
    /// Who sent it.
    pub sender: EntityId,
    /// Whom it is for; nobody named means everyone in the world.
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
    pub(crate) fn read(arguments: Option<&RawValue>) -> Result<Self, Error> {
        let bad = |reason: String| Error::failed("bad_event", reason);
        let arguments = arguments.map_or("null", RawValue::get);
        let event: contract::Event = serde_json::from_str(arguments)
            .map_err(|error| bad(format!("there is no event: {error}")))?;
        let read = E::read(&event)
            .map_err(|error| bad(service_kit::ErrorChain(&error).to_string()))?
            .ok_or_else(|| bad(format!("{} is not {}", event.event_type, E::TYPE)))?;
        Ok(Self {
            event: read,
            id: event.id,
            sender: event.sender,
            target: event.target,
            chat: event.chat,
        })
    }
}

/// An object while one of its abilities runs. What it does (sends, gives, moves, and what it changes
/// of its state) enters the log together, when the ability has returned it, or not at all.
#[derive(Debug)]
pub struct Me<O> {
    /// Its state. A change is made from the state as it was when the run began: if another run has
    /// changed it meanwhile, this one is done again.
    pub state: O,
    entity: Entity,
    changes: Vec<EntityPatch>,
    events: Vec<NewEvent>,
    cause: EventId,
}

impl<O: Object> Me<O> {
    pub(crate) fn new(entity: Entity, cause: EventId) -> Result<Self, Error> {
        let state = match &entity.state {
            None => O::default(),
            Some(state) => serde_json::from_value(state.clone()).map_err(|error| {
                let reason = format!(
                    "the state of {} is not one of {}: {error}",
                    entity.id,
                    O::KIND
                );
                Error::failed("bad_state", reason)
            })?,
        };
        Ok(Self {
            state,
            entity,
            changes: Vec::new(),
            events: Vec::new(),
            cause,
        })
    }

    /// Its id.
    pub fn id(&self) -> &EntityId {
        &self.entity.id
    }

    /// Who holds it.
    pub fn holder(&self) -> Option<&EntityId> {
        self.entity.held_by.as_ref()
    }

    /// Where it is.
    pub fn location(&self) -> Option<&str> {
        self.entity.location.as_deref()
    }

    /// Sends an event to everyone in the world.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn send(&mut self, event: &impl Event) -> Result<(), Error> {
        self.push(event, None)
    }

    /// Sends an event to one entity.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn send_to(&mut self, target: &EntityId, event: &impl Event) -> Result<(), Error> {
        self.push(event, Some(Target::Entities(vec![target.clone()])))
    }

    /// From now on it is held by `holder`.
    pub fn give_to(&mut self, holder: &EntityId) {
        self.changes.push(EntityPatch::Holder {
            entity: self.entity.id.clone(),
            from: self.entity.held_by.replace(holder.clone()),
            to: Some(holder.clone()),
        });
    }

    /// From now on nobody holds it.
    pub fn lay_down(&mut self) {
        self.changes.push(EntityPatch::Holder {
            entity: self.entity.id.clone(),
            from: self.entity.held_by.take(),
            to: None,
        });
    }

    /// From now on it is at this place.
    pub fn move_to(&mut self, place: impl Into<String>) {
        let place = place.into();
        self.entity.location = Some(place.clone());
        self.changes.push(EntityPatch::Location {
            entity: self.entity.id.clone(),
            to: Some(place),
        });
    }

    fn push(&mut self, event: &impl Event, target: Option<Target>) -> Result<(), Error> {
        let draft = event.draft().map_err(|error| {
            Error::failed("bad_event", service_kit::ErrorChain(&error).to_string())
        })?;
        self.events.push(NewEvent {
            target,
            causation: Some(self.cause),
            ..draft
        });
        Ok(())
    }

    /// All that it did.
    pub(crate) fn completed(mut self) -> Result<RunResult, Error> {
        let bad = |error: serde_json::Error| Error::failed("bad_state", error.to_string());
        let before = self.entity.state.take();
        let after = serde_json::to_value(&self.state).map_err(bad)?;
        if before.as_ref() != Some(&after) && !(before.is_none() && is_default(&self.state, &after))
        {
            let patch = match &before {
                Some(before) => serde_json::to_value(json_patch::diff(before, &after)),
                None => Ok(json!([{"op": "replace", "path": "", "value": after}])),
            };
            let change = EntityPatch::State {
                entity: self.entity.id.clone(),
                revision: Some(self.entity.revision),
                patch: to_raw_value(&patch.map_err(bad)?).map_err(bad)?,
            };
            // The revision is the one from before: the other changes count after it.
            self.changes.insert(0, change);
        }
        Ok(RunResult {
            changes: self.changes,
            events: self.events,
            ..RunResult::default()
        })
    }
}

/// Whether nothing became of a state that was not there.
fn is_default<O: Object>(_: &O, after: &Value) -> bool {
    serde_json::to_value(O::default()).is_ok_and(|before| before == *after)
}
