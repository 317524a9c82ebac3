//! The abilities of a type of objects.

use std::marker::PhantomData;
use std::sync::Arc;

use contract::ability::{Ability, EventTypeVersion, Executor, Trigger};
use contract::{ActionName, EventType};
use serde_json::Value;

use crate::action::Action;
use crate::error::Error;
use crate::event::Event;
use crate::object::Object;
use crate::object_action::ObjectAction;
use crate::object_ctx::ObjectCtx;
use crate::received::Received;

/// A type of objects with its abilities.
pub struct ObjectType<O> {
    pub(crate) actions: Vec<Arc<dyn Action>>,
    pub(crate) abilities: Vec<Ability>,
    pub(crate) event_types: Vec<EventTypeVersion>,
    /// What is invalid about it: reported when the worker is built.
    pub(crate) problems: Vec<String>,
    object: PhantomData<fn() -> O>,
}

impl<O: Object> Default for ObjectType<O> {
    fn default() -> Self {
        Self {
            actions: Vec::new(),
            abilities: Vec::new(),
            event_types: Vec::new(),
            problems: Vec::new(),
            object: PhantomData,
        }
    }
}

impl<O: Object> ObjectType<O> {
    /// Adds an ability. When an object of this type receives an event of the type `E`, `run` gets
    /// the event and the object, and returns the object.
    ///
    /// It may run more than once for one event, and takes effect in the world once. A side effect
    /// elsewhere should use [`Received::id`] as its idempotency key.
    ///
    /// The runs of one object are serial: each begins when the one before it has ended, in the order of their
    /// events.
    #[must_use]
    pub fn ability<E, F, R>(self, name: &str, run: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Received<E>, ObjectCtx<O>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<ObjectCtx<O>, Error>> + Send + 'static,
    {
        self.add_ability(name, false, run)
    }

    /// Adds an ability like [`ability`](Self::ability) whose runs wait for no other of the object: they overlap,
    /// and end in any order. A run that changes the state of the object is done again when another has
    /// changed it meanwhile.
    #[must_use]
    pub fn concurrent_ability<E, F, R>(self, name: &str, run: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Received<E>, ObjectCtx<O>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<ObjectCtx<O>, Error>> + Send + 'static,
    {
        self.add_ability(name, true, run)
    }

    fn add_ability<E, F, R>(mut self, name: &str, concurrent: bool, run: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Received<E>, ObjectCtx<O>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<ObjectCtx<O>, Error>> + Send + 'static,
    {
        match describe_ability::<O, E>(name, concurrent) {
            Ok((action, ability)) => {
                self.actions.push(Arc::new(ObjectAction::new(action, run)));
                self.abilities.push(ability);
                self.event_types.extend(describe_event_type::<E>());
            }
            Err(problem) => self.problems.push(problem),
        }
        self
    }
}

fn describe_ability<O: Object, E: Event>(
    name: &str,
    concurrent: bool,
) -> Result<(ActionName, Ability), String> {
    let bad = |error: contract::id::InvalidId| format!("an ability of {}: {error}", O::TYPE);
    let action: ActionName = format!("{}-{name}", O::TYPE).parse().map_err(bad)?;
    let event_type: EventType = E::TYPE.parse().map_err(|error| format!("{error}"))?;
    let ability = Ability {
        name: name.parse().map_err(bad)?,
        trigger: Trigger::Type(event_type),
        description: E::DESCRIPTION.to_owned(),
        arguments: None,
        run: Executor::Worker(action.clone()),
        concurrent,
    };
    Ok((action, ability))
}

/// A type of events, as it is registered in a world.
fn describe_event_type<E: Event>() -> Option<EventTypeVersion> {
    Some(EventTypeVersion {
        event_type: E::TYPE.parse().ok()?,
        version: E::VERSION,
        description: E::DESCRIPTION.to_owned(),
        schema: serde_json::from_str(E::schema().get()).ok()?,
    })
}

/// The JSON Schema of the state of a type of objects.
pub(crate) fn state_schema<O: Object>() -> Option<Value> {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let schema = settings.into_generator().into_root_schema_for::<O>();
    serde_json::to_value(schema).ok()
}
