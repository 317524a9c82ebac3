//! The context that an ability of an object gets: the object, and what the ability does with it.

use contract::ability::EntityPatch;
use contract::run::RunResult;
use contract::{Entity, EntityId, EventId, NewEvent, Target};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::error::Error;
use crate::event::Event;
use crate::object::Object;

/// An object while one of its abilities runs. All that the ability does (sent events, changes of
/// holder, location and state) is committed together when it returns the context, or not at all.
#[derive(Debug)]
pub struct ObjectCtx<O> {
    /// The state of the object. When another run has changed it meanwhile, the changes conflict and
    /// the run is repeated with the new state.
    pub state: O,
    entity: Entity,
    changes: Vec<EntityPatch>,
    events: Vec<NewEvent>,
    cause: EventId,
}

impl<O: Object> ObjectCtx<O> {
    pub(crate) fn new(entity: Entity, cause: EventId) -> Result<Self, Error> {
        let state = match &entity.state {
            None => O::default(),
            Some(state) => serde_json::from_value(state.clone()).map_err(|error| {
                let reason = format!(
                    "the state of {} is not a {} state: {error}",
                    entity.id,
                    O::TYPE
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

    /// The id of the object.
    pub fn id(&self) -> &EntityId {
        &self.entity.id
    }

    /// Who holds the object.
    pub fn holder(&self) -> Option<&EntityId> {
        self.entity.held_by.as_ref()
    }

    /// Where the object is.
    pub fn location(&self) -> Option<&str> {
        self.entity.location.as_deref()
    }

    /// Sends an event to everyone in the world.
    ///
    /// # Errors
    /// When it can't be encoded as JSON.
    pub fn send(&mut self, event: &impl Event) -> Result<(), Error> {
        self.push_event(event, None)
    }

    /// Sends an event to one entity.
    ///
    /// # Errors
    /// When it can't be encoded as JSON.
    pub fn send_to(&mut self, target: &EntityId, event: &impl Event) -> Result<(), Error> {
        self.push_event(event, Some(Target::Entities(vec![target.clone()])))
    }

    /// Gives the object to `holder`.
    pub fn give_to(&mut self, holder: &EntityId) {
        self.changes.push(EntityPatch::Holder {
            entity: self.entity.id.clone(),
            from: self.entity.held_by.replace(holder.clone()),
            to: Some(holder.clone()),
        });
    }

    /// Takes the object from its holder: nobody holds it any more.
    pub fn release(&mut self) {
        self.changes.push(EntityPatch::Holder {
            entity: self.entity.id.clone(),
            from: self.entity.held_by.take(),
            to: None,
        });
    }

    /// Moves the object to a location.
    pub fn move_to(&mut self, location: impl Into<String>) {
        let location = location.into();
        self.entity.location = Some(location.clone());
        self.changes.push(EntityPatch::Location {
            entity: self.entity.id.clone(),
            to: Some(location),
        });
    }

    fn push_event(&mut self, event: &impl Event, target: Option<Target>) -> Result<(), Error> {
        let encoded = event.encode().map_err(|error| {
            Error::failed("bad_event", service_kit::ErrorChain(&error).to_string())
        })?;
        self.events.push(NewEvent {
            target,
            causation: Some(self.cause),
            ..encoded
        });
        Ok(())
    }

    /// The result of a run that has returned this context.
    pub(crate) fn into_result(mut self) -> Result<RunResult, Error> {
        let bad = |error: serde_json::Error| Error::failed("bad_state", error.to_string());
        let before = self.entity.state.take();
        let after = serde_json::to_value(&self.state).map_err(bad)?;
        if is_changed::<O>(before.as_ref(), &after) {
            let patch = match &before {
                Some(before) => serde_json::to_value(json_patch::diff(before, &after)),
                None => Ok(json!([{"op": "replace", "path": "", "value": after}])),
            };
            let change = EntityPatch::State {
                entity: self.entity.id.clone(),
                revision: Some(self.entity.revision),
                patch: to_raw_value(&patch.map_err(bad)?).map_err(bad)?,
            };
            // First: it names the revision that the entity has before the other changes.
            self.changes.insert(0, change);
        }
        Ok(RunResult {
            changes: self.changes,
            events: self.events,
            ..RunResult::default()
        })
    }
}

/// Whether a state has changed. An absent state is the default one: storing that is no change.
fn is_changed<O: Object>(before: Option<&Value>, after: &Value) -> bool {
    match before {
        Some(before) => before != after,
        None => serde_json::to_value(O::default()).map_or(true, |default| default != *after),
    }
}
