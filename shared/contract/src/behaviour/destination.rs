//! Where a transition goes.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

/// Where a transition goes: a state, by its name, or a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Destination {
    /// A state.
    State(String),
    /// The initial state of a copy of the template, whose states become states of this behaviour.
    Template {
        /// The name of the template.
        template: String,
    },
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DestinationVisitor)
    }
}

struct DestinationVisitor;

impl<'de> Visitor<'de> for DestinationVisitor {
    type Value = Destination;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a state, or {template: NAME}")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Destination, E> {
        Ok(Destination::State(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Destination, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Reference {
            template: String,
        }
        let Reference { template } = Reference::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(Destination::Template { template })
    }
}
