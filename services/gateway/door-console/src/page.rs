//! The routes of the page and of its files.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use door_kit::Problem;

use crate::asset::{ASSETS, Asset};
use crate::encoding::Encoding;
use crate::policy;

/// The page names its files by their hashes, so a browser has to know the newest page.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// A file with a hash in its name is the same for ever. A year is what caches take for that.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The page at `/`, and its files below `/assets`. Nobody needs a key for them.
pub fn routes() -> Router {
    routes_of(ASSETS)
}

fn routes_of(assets: &'static [Asset]) -> Router {
    let page = async move |headers: HeaderMap| respond(assets, "index.html", &headers);
    let file = async move |Path(path): Path<String>, headers: HeaderMap| {
        respond(assets, &format!("assets/{path}"), &headers)
    };
    Router::new()
        .route("/", get(page))
        .route("/assets/{*path}", get(file))
}

fn respond(assets: &'static [Asset], path: &str, headers: &HeaderMap) -> Response {
    match assets.iter().find(|asset| asset.path == path) {
        Some(asset) => (policy::headers(), send(asset, headers)).into_response(),
        // A page of an earlier build may name a file that this one does not have.
        None => {
            let detail = format!("there is no route /{path}");
            Problem::new(StatusCode::NOT_FOUND, "unknown_route", detail).into_response()
        }
    }
}

/// A file in the encoding that the client prefers, or nothing when the client has it.
fn send(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let encoding = Encoding::negotiate(headers, |encoding| asset.bytes(encoding).is_some());
    let tag = asset.entity_tag(encoding);
    let caching = [
        (VARY, HeaderValue::from_static("accept-encoding")),
        (
            CACHE_CONTROL,
            if asset.is_immutable() {
                IMMUTABLE
            } else {
                REVALIDATE
            },
        ),
    ];
    if has_entity(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, caching, [(ETAG, tag)]).into_response();
    }
    let content_type = [(CONTENT_TYPE, asset.media_type)];
    let coding: Option<(HeaderName, &str)> = encoding.token().map(|it| (CONTENT_ENCODING, it));
    let mut response = (
        caching,
        [(ETAG, tag)],
        content_type,
        asset.bytes(encoding).unwrap_or_default(),
    )
        .into_response();
    if let Some((name, token)) = coding {
        let headers = response.headers_mut();
        headers.insert(name, HeaderValue::from_static(token));
    }
    response
}

/// Whether a client has the entity with this tag already.
fn has_entity(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    // A proxy that encodes a response anew makes its tag weak; for a read that is as good (RFC 9110, section 13.1.2).
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests;
