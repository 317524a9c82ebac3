//! The metrics of all doors.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use opentelemetry::{KeyValue, global};

use crate::close_reason::CloseReason;

/// How events reach a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Server-sent events.
    Sse,
    /// A WebSocket.
    WebSocket,
}

impl Transport {
    fn label(self) -> KeyValue {
        let name = match self {
            Self::Sse => "sse",
            Self::WebSocket => "websocket",
        };
        KeyValue::new("transport", name)
    }
}

/// The instruments.
pub(crate) struct Metrics {
    /// Requests and how long they took to answer, in seconds, by method, route and status.
    requests: Histogram<f64>,
    /// Open connections, by transport.
    connections: UpDownCounter<i64>,
    /// Events and chunks written to clients, by transport.
    deliveries: Counter<u64>,
    /// Connections that the gateway closed, by transport and code.
    closes: Counter<u64>,
    /// Subscriptions that resumed from a position, by whether the log still had all events after it.
    resumes: Counter<u64>,
    /// Events that were not received live and were read from the log.
    recovered: Counter<u64>,
    /// Frames of clients that repeat an event which they have received, and are no new events.
    repeats: Counter<u64>,
    /// Worlds with at least one subscription.
    worlds: UpDownCounter<i64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("gateway");
        let metrics = Self {
            requests: meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_description("requests, by method, route and status")
                .build(),
            connections: meter
                .i64_up_down_counter("manyworlds.gateway.connections")
                .with_description("open event streams, by transport")
                .build(),
            deliveries: meter
                .u64_counter("manyworlds.gateway.deliveries")
                .with_description("events and chunks delivered to clients, by transport")
                .build(),
            closes: meter
                .u64_counter("manyworlds.gateway.closes")
                .with_description("streams that the gateway ended, by transport and code")
                .build(),
            resumes: meter
                .u64_counter("manyworlds.gateway.resumes")
                .with_description("streams that began behind a position")
                .build(),
            recovered: meter
                .u64_counter("manyworlds.gateway.recovered_events")
                .with_description("events that were missed live and read from the log")
                .build(),
            repeats: meter
                .u64_counter("manyworlds.gateway.repeated_frames")
                .with_description("frames that repeat an event which their client has received")
                .build(),
            worlds: meter
                .i64_up_down_counter("manyworlds.gateway.watched_worlds")
                .with_description("worlds that somebody watches")
                .build(),
        };
        // Prometheus sees no increase of a counter that begins above zero.
        metrics.recovered.add(0, &[]);
        metrics.repeats.add(0, &[]);
        metrics
    }

    pub(crate) fn request_completed(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        duration: Duration,
    ) {
        let labels = [
            KeyValue::new("http.request.method", method_label(method)),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
        ];
        self.requests.record(duration.as_secs_f64(), &labels);
    }

    pub(crate) fn connection_opened(&self, transport: Transport) {
        self.connections.add(1, &[transport.label()]);
    }

    pub(crate) fn connection_ended(&self, transport: Transport) {
        self.connections.add(-1, &[transport.label()]);
    }

    pub(crate) fn frames_delivered(&self, transport: Transport, frames: u64) {
        self.deliveries.add(frames, &[transport.label()]);
    }

    pub(crate) fn connection_closed(&self, transport: Transport, reason: CloseReason) {
        let code = KeyValue::new("code", i64::from(reason.code()));
        self.closes.add(1, &[transport.label(), code]);
    }

    pub(crate) fn subscription_resumed(&self, complete: bool) {
        self.resumes.add(1, &[KeyValue::new("complete", complete)]);
    }

    pub(crate) fn events_recovered(&self, events: u64) {
        self.recovered.add(events, &[]);
    }

    pub(crate) fn frame_repeated(&self) {
        self.repeats.add(1, &[]);
    }

    pub(crate) fn worlds_watched(&self, change: i64) {
        self.worlds.add(change, &[]);
    }
}

/// A client can invent methods: all others share one label.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
