//! An object and its initial place in a world.

use contract::{Entity, EntityKind};

use crate::object::Object;
use crate::object_type::{ObjectType, state_schema};

/// An object that a worker creates in a world, with its initial state and place.
#[derive(Debug, Clone)]
pub struct Placement<O> {
    id: String,
    state: O,
    held_by: Option<String>,
    location: Option<String>,
}

impl<O: Object> Placement<O> {
    /// An object of this id with this initial state. An object of this id that exists already keeps
    /// its state.
    pub fn new(id: impl Into<String>, state: O) -> Self {
        Self {
            id: id.into(),
            state,
            held_by: None,
            location: None,
        }
    }

    /// Sets the initial holder.
    #[must_use]
    pub fn held_by(mut self, holder: impl Into<String>) -> Self {
        self.held_by = Some(holder.into());
        self
    }

    /// Sets the initial location.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    pub(crate) fn into_entity(self, object_type: &ObjectType<O>) -> anyhow::Result<Entity> {
        Ok(Entity {
            description: O::DESCRIPTION.to_owned(),
            abilities: object_type.abilities.clone(),
            state: Some(serde_json::to_value(&self.state)?).filter(|state| !state.is_null()),
            state_schema: state_schema::<O>(),
            held_by: self.held_by.map(|holder| holder.parse()).transpose()?,
            location: self.location,
            ..Entity::new(self.id.parse()?, EntityKind::Object)
        })
    }
}
