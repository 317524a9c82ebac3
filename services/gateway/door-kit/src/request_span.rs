//! One span per request and frame, and one measurement per request.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use contract::WorldId;
use service_kit::spans;
use tracing::{Instrument, Span};

use crate::state::DoorState;

/// The span of one frame of a socket, which only traces have by default.
pub fn frame_span(world: &WorldId) -> Span {
    spans::frame(world)
}

/// Middleware that runs a request in a span, which continues the client's trace if it sent one, and
/// measures it.
pub async fn record_request(
    State(state): State<Arc<DoorState>>,
    request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    // Without a route the path is the client's invention: as a label it would have no bound.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = spans::http_request(method.as_str(), &route);
    let traceparent = request.headers().get(bus::trace::TRACEPARENT);
    bus::trace::continue_from(&span, traceparent.and_then(|value| value.to_str().ok()));
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    let metrics = &state.metrics;
    metrics.request_completed(&method, &route, response.status(), start.elapsed());
    response
}
