//! A collector of traces for tests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A span, as a collector of traces receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        let attributes = resource
            .resource
            .map(|resource| resource.attributes)
            .unwrap_or_default();
        let service = attributes
            .into_iter()
            .find(|attribute| attribute.key == "service.name")
            .and_then(|attribute| attribute.value?.value)
            .map(|value| match value {
                Value::StringValue(name) => name,
                other => format!("{other:?}"),
            })
            .unwrap_or_default();
        let spans = resource
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans);
        collected.extend(spans.map(|span| CollectedSpan {
            service: service.clone(),
            name: span.name,
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_id: span.parent_span_id,
        }));
    }
    spans
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(collected);
}
