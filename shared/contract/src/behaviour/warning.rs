//! What is doubtful in a behaviour that works.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is doubtful in a behaviour that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// The field, as a path in the document as it was given: `transitions.x[0].on.ready`.
    pub field: String,
    /// Which case it is.
    pub code: WarningCode,
    /// A sentence for people.
    pub detail: String,
}

/// What can be doubtful in a behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Only a request could have triggered the transition, and nobody can make one: it is made without.
    ReadAsSolid,
    /// Nothing replaces a wildcard. It stays as text; in place of a time there is none.
    UnresolvedWildcard,
    /// The action will fail, since it knows no such value.
    UnknownValue,
    /// The format has no such field.
    UnknownField,
    /// No transition goes to the template, so that it was not checked.
    UnusedTemplate,
    /// A case that this build does not know.
    #[serde(other)]
    Other,
}
