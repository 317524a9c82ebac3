//! One span and one measurement a request.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, field, info_span};

use crate::gateway::Gateway;

/// Runs a request in its span, which continues the client's trace if it sent one.
pub(crate) async fn observe(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    // Without a route the path is the client's invention: it would be a label without end.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = field::Empty,
    );
    let traceparent = request.headers().get(bus::trace::TRACEPARENT);
    bus::trace::continue_from(&span, traceparent.and_then(|value| value.to_str().ok()));
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    gateway
        .metrics
        .answered(&method, &route, response.status(), began.elapsed());
    response
}
