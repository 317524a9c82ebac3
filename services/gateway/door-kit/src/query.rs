//! The query parameters of a request.

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The query parameters of a request. A type that denies unknown fields denies unknown parameters.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&without_api_key(&parts.uri));
        query
            .map(|Query(params)| Self(params))
            .map_err(|rejection| {
                let error: &dyn std::error::Error = &rejection;
                let cause = error.source().unwrap_or(error).to_string();
                // Axum writes "field: cause"; serde names the field between backticks.
                let field = match cause.split_once(": ") {
                    Some((field, _)) if !field.contains(' ') => field,
                    _ => cause.split('`').nth(1).unwrap_or("query"),
                };
                Problem::invalid_address(field, cause.clone())
            })
    }
}

/// The address without the API key, which authentication has read, under either of its names.
fn without_api_key(uri: &Uri) -> Uri {
    let query = uri.query().unwrap_or_default();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("api_key=") && !pair.starts_with("token="))
        .collect();
    format!("/?{}", kept.join("&")).parse().unwrap_or_default()
}
