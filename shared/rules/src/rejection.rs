//! Refusals of commands, and the paths of the fields at fault.

use contract::{Rejection, RejectionCode};

/// A refusal by a rule; `field` is the path of the field at fault, if one is.
pub(crate) fn reject(
    code: RejectionCode,
    detail: impl Into<String>,
    field: Option<String>,
) -> Rejection {
    Rejection::new(code, detail, field)
}

/// A refusal of the value at `field`.
pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Rejection {
    reject(RejectionCode::Invalid, detail, Some(field.into()))
}

/// A refusal of what is larger than a limit.
pub(crate) fn too_large(detail: impl Into<String>, field: Option<String>) -> Rejection {
    reject(RejectionCode::TooLarge, detail, field)
}

/// The path of the field `name` of what is at `field`; `name` when that is all of the input.
pub(crate) fn field_path(field: &str, name: &str) -> String {
    match field {
        "" => name.to_owned(),
        field => format!("{field}.{name}"),
    }
}
