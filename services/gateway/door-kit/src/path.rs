//! The parameters in the path of a request.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::problem::Problem;

/// The parameters in the path of a request. What refuses one names it.
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let rejection = match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(params)) => return Ok(Self(params)),
            Err(rejection) => rejection,
        };
        // Axum knows the name only of a parameter that its own deserializer refuses.
        let named = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let invalid = named
            .ok()
            .and_then(|Path(params)| find_invalid::<T>(params));
        let (name, detail) = invalid.unwrap_or_else(|| of_rejection(rejection));
        Err(Problem::invalid_address(name, detail))
    }
}

/// The name of the first parameter that a `T` can't be made of, and why. A `T` is made of texts: of one, or of as
/// many as there are.
fn find_invalid<T: DeserializeOwned>(params: Vec<(String, String)>) -> Option<(String, String)> {
    let (names, texts): (Vec<String>, Vec<Value>) = params
        .into_iter()
        .map(|(name, text)| (name, Value::String(text)))
        .unzip();
    let value = match <[Value; 1]>::try_from(texts) {
        Ok([text]) => text,
        Err(texts) => Value::Array(texts),
    };
    let error = serde_path_to_error::deserialize::<_, T>(value).err()?;
    let index = match error.path().iter().next() {
        Some(Segment::Seq { index }) => *index,
        _ => 0,
    };
    let name = names.into_iter().nth(index)?;
    Some((name, error.into_inner().to_string()))
}

/// The name of a parameter, and why it was refused.
fn of_rejection(rejection: PathRejection) -> (String, String) {
    let (name, detail) = match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
            ErrorKind::InvalidUtf8InPathParam { key } => (Some(key), "is not UTF-8".to_owned()),
            ErrorKind::DeserializeError { key, message, .. } => (Some(key), message),
            other => (None, other.to_string()),
        },
        other => (None, other.to_string()),
    };
    (name.unwrap_or_else(|| "path".to_owned()), detail)
}

#[cfg(test)]
mod tests {
    use contract::{EntityId, EventType, RunId, WorldId};

    use super::*;

    fn invalid<T: DeserializeOwned>(params: &[(&str, &str)]) -> Option<String> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        find_invalid::<T>(params.iter().map(owned).collect()).map(|(name, _)| name)
    }

    #[test]
    fn the_parameter_that_is_invalid_is_named() {
        type Types = (WorldId, EntityId, EventType);
        for (texts, expected) in [
            (["lobby", "ada", "a.b"], None),
            (["lob by", "a da", "a b"], Some("world")),
            (["lobby", "a da", "a b"], Some("entity")),
            (["lobby", "ada", "a b"], Some("type")),
        ] {
            let names = ["world", "entity", "type"];
            let params: Vec<(&str, &str)> = names.into_iter().zip(texts).collect();
            let found = invalid::<Types>(&params);
            assert_eq!(found.as_deref(), expected, "{texts:?}");
        }
        let one = |text| invalid::<RunId>(&[("run", text)]);
        assert_eq!(one("not an id").as_deref(), Some("run"));
    }
}
