//! How large the bodies of requests may be.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use door_kit::DoorState;

/// Middleware that limits bodies: one that describes a world may be larger than others.
pub async fn limit_body(
    State(state): State<Arc<DoorState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map(MatchedPath::as_str);
    let max = match (request.method(), path) {
        (&Method::POST, Some("/v1/worlds")) | (&Method::PUT, Some("/v1/worlds/{world}")) => {
            state.world_bytes_max
        }
        _ => state.body_bytes_max,
    };
    DefaultBodyLimit::max(max).apply(&mut request);
    next.run(request).await
}
