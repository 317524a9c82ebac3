//! The parameters in the path of a request.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The parameters in the path of a request.
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(params)| Self(params)).map_err(path_problem)
    }
}

fn path_problem(rejection: PathRejection) -> Problem {
    let (field, detail) = match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
            ErrorKind::DeserializeError { key, message, .. } => (key, message),
            ErrorKind::ParseErrorAtKey { key, value, .. } => {
                (key, format!("{value:?} is invalid here"))
            }
            other => ("path".to_owned(), other.to_string()),
        },
        other => ("path".to_owned(), other.to_string()),
    };
    Problem::invalid_address(field, detail)
}
