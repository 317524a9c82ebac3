//! JSON into types, with the path of what is wrong.

use contract::Rejection;
use serde::de::DeserializeOwned;

use crate::rejection::reject;
use contract::RejectionCode;

/// Reads a document. The refusal names the field at fault.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Rejection> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let field = (path != ".").then_some(path);
        reject(RejectionCode::Invalid, reason(error.inner()), field)
    })
}

/// What is wrong, without the line and column: nobody has seen the text in this form.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
