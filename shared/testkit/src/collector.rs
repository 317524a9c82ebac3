//! A collector of traces for tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A span, as a collector of traces receives it.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectedSpan {
    /// The service that it ran in.
    pub service: String,
    /// Its name.
    pub name: String,
    /// The id of its trace.
    pub trace_id: Vec<u8>,
    /// Its own id.
    pub span_id: Vec<u8>,
    /// The id of its parent; empty for the root span of a trace.
    pub parent_id: Vec<u8>,
    /// Its kind, as OpenTelemetry's specification names it, in lower case.
    pub kind: &'static str,
    /// When it began, in nanoseconds since 1970.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// Its attributes, as texts.
    pub attributes: BTreeMap<String, String>,
    /// The conventions by which it is named.
    pub schema_url: String,
}

type Spans = Arc<Mutex<Vec<CollectedSpan>>>;

/// A collector of traces: OTLP over HTTP, in protobuf.
pub struct Collector {
    address: SocketAddr,
    spans: Spans,
    serving: JoinHandle<()>,
}

impl Collector {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If it can't listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let spans = Spans::default();
        let router = Router::new()
            .route("/v1/traces", post(collect))
            .with_state(spans.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("serve the collector");
        });
        Self {
            address,
            spans,
            serving,
        }
    }

    /// The value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans received so far.
    pub fn spans(&self) -> Vec<CollectedSpan> {
        self.spans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn collect(State(spans): State<Spans>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).expect("an export of traces");
    let mut collected = Vec::new();
    for resource in request.resource_spans {
        let attributes = resource.resource.map(|resource| resource.attributes);
        let service = texts(attributes.unwrap_or_default())
            .remove("service.name")
            .unwrap_or_default();
        for scope in resource.scope_spans {
            let schema_url = scope.schema_url;
            collected.extend(scope.spans.into_iter().map(|span| CollectedSpan {
                kind: kind(span.kind()),
                service: service.clone(),
                schema_url: schema_url.clone(),
                name: span.name,
                trace_id: span.trace_id,
                span_id: span.span_id,
                parent_id: span.parent_span_id,
                start_ns: span.start_time_unix_nano,
                end_ns: span.end_time_unix_nano,
                attributes: texts(span.attributes),
            }));
        }
    }
    spans
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(collected);
}

fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "unspecified",
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let attributes = attributes.into_iter().filter_map(|attribute| {
        let text = match attribute.value?.value? {
            Value::StringValue(text) => text,
            Value::IntValue(number) => number.to_string(),
            Value::DoubleValue(number) => number.to_string(),
            Value::BoolValue(value) => value.to_string(),
            other => format!("{other:?}"),
        };
        Some((attribute.key, text))
    });
    attributes.collect()
}
