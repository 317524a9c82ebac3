//! Objects: typed state, and the abilities that change it.

use std::marker::PhantomData;
use std::sync::Arc;

use contract::ability::{Ability, EventTypeVersion, Executor, Trigger};
use contract::run::RunResult;
use contract::{ActionName, EventType};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Action, Call, Error, Event, Me, Received, Running};

/// A kind of objects, as a Rust struct: its fields are the state of each.
pub trait Object:
    Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// What kind it is, such as `microphone`. The abilities of all its objects are offered under
    /// names that begin with it.
    const KIND: &'static str;
    /// What it is, for models and people.
    const DESCRIPTION: &'static str = "";
}

/// What all objects of a kind can do.
pub struct Kind<O> {
    pub(crate) actions: Vec<Arc<dyn Action>>,
    pub(crate) abilities: Vec<Ability>,
    pub(crate) event_types: Vec<EventTypeVersion>,
    pub(crate) problems: Vec<String>,
    of: PhantomData<fn() -> O>,
}

impl<O: Object> Default for Kind<O> {
    fn default() -> Self {
        Self {
            actions: Vec::new(),
            abilities: Vec::new(),
            event_types: Vec::new(),
            problems: Vec::new(),
            of: PhantomData,
        }
    }
}

impl<O: Object> Kind<O> {
    /// An ability: when an event of the type `E` is for an object of this kind, `run` is given both,
    /// and gives the object back as it is then.
    ///
    /// It may run more than once for one event, and takes effect in the world once. What it changes
    /// elsewhere should be keyed by [`Received::id`].
    #[must_use]
    pub fn ability<E, F, R>(mut self, name: &str, run: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Received<E>, Me<O>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Me<O>, Error>> + Send + 'static,
    {
        match described::<O, E>(name) {
            Ok((action, ability)) => {
                self.actions.push(Arc::new(Typed {
                    name: action,
                    run,
                    of: PhantomData,
                }));
                self.abilities.push(ability);
                self.event_types.extend(event_type::<E>());
            }
            Err(problem) => self.problems.push(problem),
        }
        self
    }
}

fn described<O: Object, E: Event>(name: &str) -> Result<(ActionName, Ability), String> {
    let bad = |error: contract::id::InvalidId| format!("an ability of {}: {error}", O::KIND);
    let action: ActionName = format!("{}-{name}", O::KIND).parse().map_err(bad)?;
    let event_type: EventType = E::TYPE.parse().map_err(|error| format!("{error}"))?;
    let ability = Ability {
        name: name.parse().map_err(bad)?,
        trigger: Trigger::Type(event_type),
        description: E::DESCRIPTION.to_owned(),
        arguments: None,
        run: Executor::Worker(action.clone()),
    };
    Ok((action, ability))
}

/// The type of an event, as a world is told of it.
pub(crate) fn event_type<E: Event>() -> Option<EventTypeVersion> {
    Some(EventTypeVersion {
        event_type: E::TYPE.parse().ok()?,
        version: E::VERSION,
        description: E::DESCRIPTION.to_owned(),
        schema: serde_json::from_str(E::schema().get()).ok()?,
    })
}

/// What the state of a kind of objects may be: a JSON Schema.
pub(crate) fn state_schema<O: Object>() -> Option<Value> {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let schema = settings.into_generator().into_root_schema_for::<O>();
    serde_json::to_value(schema).ok()
}

/// An ability as the action that workers run.
struct Typed<O, E, F> {
    name: ActionName,
    run: F,
    of: PhantomData<fn() -> (O, E)>,
}

impl<O, E, F, R> Action for Typed<O, E, F>
where
    O: Object,
    E: Event + Send + 'static,
    F: Fn(Received<E>, Me<O>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Me<O>, Error>> + Send + 'static,
{
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        Box::pin(self.run(call))
    }
}

impl<O, E, F, R> Typed<O, E, F>
where
    O: Object,
    E: Event + Send + 'static,
    F: Fn(Received<E>, Me<O>) -> R,
    R: Future<Output = Result<Me<O>, Error>>,
{
    async fn run(&self, call: Call) -> Result<RunResult, Error> {
        let received = Received::<E>::read(call.invocation().arguments.as_deref())?;
        let context = call.context().await?;
        let me = Me::new(context.entity, received.id)?;
        (self.run)(received, me).await?.completed()
    }
}
