//! The bodies and addresses of requests, read strictly: what is wrong is named.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body without a field that is not known.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !media_type(request.headers()).is_some_and(|media_type| is_json(&media_type)) {
            return Err(unsupported("application/json"));
        }
        let bytes = bytes(request, state).await?;
        object(&bytes).map(Self)
    }
}

/// The whole body of a request.
///
/// # Errors
/// 413 when it is larger than it may be.
pub(crate) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| unread(&rejection))
}

fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "the body is larger than this gateway takes";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).at("body");
    }
    let detail = "the body ended too early";
    Problem::new(StatusCode::BAD_REQUEST, "malformed_body", detail)
}

/// What a body claims to be, without its parameters and in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

pub(crate) fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

pub(crate) fn unsupported(expected: &str) -> Problem {
    let detail = format!("send a body of the type {expected}");
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail,
    )
    .at("content-type")
}

/// Reads a JSON object. A list would pass for a structure whose fields all have defaults.
fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let value = parse(json)?;
    if json.trim_ascii_start().starts_with(b"{") {
        return Ok(value);
    }
    Err(Problem::invalid("body", "send a JSON object"))
}

/// Reads JSON, and refuses it with the path of what is wrong: 400 when it is no JSON, 422 when it
/// says something else than `T` or has a field that `T` does not know.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let mut unknown = None;
    let mut track = serde_path_to_error::Track::new();
    let mut reader = serde_json::Deserializer::from_slice(json);
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let value = serde_ignored::deserialize(tracked, |path| {
        unknown.get_or_insert_with(|| render(&path));
    });
    let value =
        value.map_err(|error: serde_json::Error| wrong(&error, &track.path().to_string()))?;
    reader.end().map_err(|error| wrong(&error, "."))?;
    match unknown {
        Some(path) => Err(Problem::invalid(
            path.clone(),
            format!("there is no field {path}"),
        )),
        None => Ok(value),
    }
}

fn wrong(error: &serde_json::Error, path: &str) -> Problem {
    if !error.is_data() {
        let detail = format!("the body is not JSON: {error}");
        return Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail);
    }
    let detail = error.to_string();
    // The line and column are of no use to a client: it has the path.
    let detail = detail.split(" at line ").next().unwrap_or(&detail);
    let missing = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| detail.strip_prefix(start)?.split('`').next());
    let parent = (path != ".").then_some(path);
    let field = match (parent, missing) {
        (Some(parent), Some(missing)) if !parent.ends_with(missing) => {
            Some(format!("{parent}.{missing}"))
        }
        (Some(parent), _) => Some(parent.to_owned()),
        (None, missing) => missing.map(str::to_owned),
    };
    Problem {
        field,
        ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }
}

/// A path as [`serde_path_to_error`] writes it.
fn render(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", render(parent)),
        Path::Map { parent, key } => match render(parent) {
            parent if parent.is_empty() => key.clone(),
            parent => format!("{parent}.{key}"),
        },
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => render(parent),
    }
}

/// The ids in the path of a request.
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(ids)| Self(ids)).map_err(|rejection| {
            use axum::extract::path::ErrorKind;
            use axum::extract::rejection::PathRejection;
            let (field, detail) = match rejection {
                PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
                    ErrorKind::DeserializeError { key, message, .. } => (key, message),
                    ErrorKind::ParseErrorAtKey { key, value, .. } => {
                        (key, format!("{value:?} makes no sense here"))
                    }
                    other => ("path".to_owned(), other.to_string()),
                },
                other => ("path".to_owned(), other.to_string()),
            };
            Problem::bad_address(field, detail)
        })
    }
}

/// The query of a request, without a parameter that is not known.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&without_key(&parts.uri));
        query
            .map(|Query(parameters)| Self(parameters))
            .map_err(|rejection| {
                let error: &dyn std::error::Error = &rejection;
                let cause = error.source().unwrap_or(error).to_string();
                // Axum tells the field as "name: what is wrong", and serde in its own words.
                let field = match cause.split_once(": ") {
                    Some((field, _)) if !field.contains(' ') => field,
                    _ => cause.split('`').nth(1).unwrap_or("query"),
                };
                Problem::bad_address(field, cause.clone())
            })
    }
}

/// The address without the API key, which is not the handler's business.
fn without_key(uri: &Uri) -> Uri {
    let query = uri.query().unwrap_or_default();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("api_key="))
        .collect();
    format!("/?{}", kept.join("&")).parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use contract::{NewEvent, WorldSpec};

    use super::*;

    fn refused<T: DeserializeOwned>(json: &str) -> (u16, &'static str, Option<String>) {
        let problem = object::<T>(json.as_bytes()).err().unwrap();
        (problem.status.as_u16(), problem.code, problem.field)
    }

    #[test]
    fn a_bad_body_is_refused_with_the_path_of_its_fault() {
        for (json, status, code, field) in [
            ("", 400, "malformed_json", None),
            ("{", 400, "malformed_json", None),
            ("{} {}", 400, "malformed_json", None),
            (r#"{"name":"#, 400, "malformed_json", None),
            (r#"{"name":1}"#, 422, "invalid", Some("name")),
            (r#"{"nmae":"x"}"#, 422, "invalid", Some("nmae")),
            (r#"{"turn_limit":-1}"#, 422, "invalid", Some("turn_limit")),
            (
                r#"{"entities":[{"id":"a b","kind":"user"}]}"#,
                422,
                "invalid",
                Some("entities[0].id"),
            ),
            (
                r#"{"entities":[{"id":"a"}]}"#,
                422,
                "invalid",
                Some("entities[0].kind"),
            ),
            (
                r#"{"entities":[{"id":"a","kind":"agent","agent":{"x":1}}]}"#,
                422,
                "invalid",
                Some("entities[0].agent.x"),
            ),
            (
                r#"{"chats":[{"id":"c","titel":""}]}"#,
                422,
                "invalid",
                Some("chats[0].titel"),
            ),
            (r#"{"name":"a","name":"b"}"#, 422, "invalid", Some("name")),
            ("[]", 422, "invalid", Some("body")),
        ] {
            let expected = (status, code, field.map(str::to_owned));
            assert_eq!(refused::<WorldSpec>(json), expected, "{json}");
        }
    }

    #[test]
    fn a_payload_may_hold_any_field_and_stays_as_it_is() {
        let draft: NewEvent = parse(br#"{"type":"a.b","data":{"x":  1.0e2, "y":[null]}}"#).unwrap();
        assert_eq!(draft.data.get(), r#"{"x":  1.0e2, "y":[null]}"#);
        assert_eq!(
            refused::<NewEvent>(r#"{"type":"a.b","data":{},"daata":1}"#)
                .2
                .as_deref(),
            Some("daata")
        );
    }
}
