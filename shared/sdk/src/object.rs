//! Objects: a Rust struct as the state of an object in a world.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type of objects, as a Rust struct: its fields are the state of each object.
///
/// [`ObjectType`](crate::ObjectType) adds abilities.
pub trait Object:
    Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The name of the type, such as `microphone`. The actions of its abilities are named
    /// `{TYPE}-{ability}`.
    const TYPE: &'static str;
    /// What it is, for models and people.
    const DESCRIPTION: &'static str = "";
}
