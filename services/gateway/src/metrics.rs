//! Everything that the gateway measures.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use opentelemetry::{KeyValue, global};

use crate::connections::Close;

/// How events reach a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Sse,
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
    /// Open event streams, by transport.
    connections: UpDownCounter<i64>,
    /// Events and chunks handed to clients, by transport.
    deliveries: Counter<u64>,
    /// Streams that the gateway ended, by transport and code.
    closes: Counter<u64>,
    /// Streams that began behind a position, by whether the log still had everything.
    resumes: Counter<u64>,
    /// Events that were never passed on, or got lost, and were read from the log.
    recovered: Counter<u64>,
    /// Worlds that somebody watches.
    worlds: UpDownCounter<i64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("gateway");
        Self {
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
                .with_description("events and chunks handed to clients, by transport")
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
            worlds: meter
                .i64_up_down_counter("manyworlds.gateway.watched_worlds")
                .with_description("worlds that somebody watches")
                .build(),
        }
    }

    pub(crate) fn answered(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        took: Duration,
    ) {
        let labels = [
            KeyValue::new("http.request.method", method_label(method)),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
        ];
        self.requests.record(took.as_secs_f64(), &labels);
    }

    pub(crate) fn opened(&self, transport: Transport) {
        self.connections.add(1, &[transport.label()]);
    }

    pub(crate) fn ended(&self, transport: Transport) {
        self.connections.add(-1, &[transport.label()]);
    }

    pub(crate) fn delivered(&self, transport: Transport, frames: u64) {
        self.deliveries.add(frames, &[transport.label()]);
    }

    pub(crate) fn closed(&self, transport: Transport, close: Close) {
        let code = KeyValue::new("code", i64::from(close.code()));
        self.closes.add(1, &[transport.label(), code]);
    }

    pub(crate) fn resumed(&self, complete: bool) {
        self.resumes.add(1, &[KeyValue::new("complete", complete)]);
    }

    pub(crate) fn recovered(&self, events: u64) {
        self.recovered.add(events, &[]);
    }

    pub(crate) fn watched(&self, change: i64) {
        self.worlds.add(change, &[]);
    }
}

/// A client can make up methods: they are one label.
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
