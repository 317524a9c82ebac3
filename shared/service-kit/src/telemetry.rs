//! Logs on stderr, traces to the endpoint in the standard `OTEL_*` variables, metrics on `/metrics`.

use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue, global};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, SdkMeterProvider, Stream};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use prometheus::{Registry, TextEncoder};
use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::json_log::json_log;
use crate::spans::{FRAME_SPANS, SCHEMA_URL};

/// The log filter when `RUST_LOG` is not set.
const DEFAULT_FILTER: &str = "info,async_nats=warn,hyper=warn,sqlx=warn";

/// The target that is never logged, even if `RUST_LOG` enables it: `rmcp` logs the payloads of tools.
const UNLOGGED_TARGET: &str = "rmcp";

/// The variable that names a file with the endpoint of traces.
const ENDPOINT_FILE_VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT_FILE";

/// The bucket bounds of all histograms of seconds: from a fraction of a millisecond to the minutes of
/// a language model.
const SECONDS_BOUNDS: [f64; 17] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 120.0,
    300.0,
];

/// The bucket bounds of all histograms of bytes: up to the largest message of NATS.
const BYTES_BOUNDS: [f64; 8] = [
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    524_288.0,
    1_048_576.0,
];

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);
static METER_PROVIDER: OnceLock<SdkMeterProvider> = OnceLock::new();

/// Telemetry that must be flushed before the process ends.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Exports the spans that are still buffered.
    pub fn shutdown(self) {
        if let Some(traces) = self.traces {
            let _ = traces.shutdown();
        }
    }
}

/// Starts logs, traces and metrics, once per process. Traces are exported over OTLP (HTTP,
/// protobuf) when `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set, or when the file that
/// `OTEL_EXPORTER_OTLP_ENDPOINT_FILE` names has an endpoint. That file may be missing or empty: it is for where
/// something else decides whether there is a collector, as a profile of Compose does.
///
/// # Errors
/// If the variables don't configure a valid exporter.
pub fn init(service: &'static str) -> anyhow::Result<Telemetry> {
    init_metrics();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let traces = match has_exporter_endpoint() {
        true => Some(SpanExporter::builder().with_http()),
        false => endpoint_in_file()?.map(|endpoint| {
            let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
            SpanExporter::builder().with_http().with_endpoint(endpoint)
        }),
    };
    let traces = traces
        .map(|exporter| anyhow::Ok(tracer_provider(service, exporter.build()?)))
        .transpose()?;
    let layer = traces
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(tracer(provider, service)));
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let logs = if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        lines.compact().boxed()
    } else {
        json_log(std::io::stderr).boxed()
    };
    let registry = tracing_subscriber::registry()
        .with(layer.map(|layer| {
            let filter = format!("info,{FRAME_SPANS}=debug,async_nats=warn,hyper=off,rmcp=off");
            layer.with_filter(EnvFilter::new(filter))
        }))
        .with(logs.with_filter(filter.and(without_payloads())));
    // A second service in the same process, as in tests, shares the subscriber of the first.
    let _ = registry.try_init();
    Ok(Telemetry { traces })
}

/// All metrics, in the text format of Prometheus.
///
/// # Errors
/// If the metrics can't be encoded.
pub fn metrics_text() -> anyhow::Result<String> {
    Ok(TextEncoder::new().encode_to_string(&REGISTRY.gather())?)
}

/// Makes `opentelemetry::global::meter` record for [`metrics_text`].
pub fn init_metrics() {
    METER_PROVIDER.get_or_init(|| {
        let mut provider = SdkMeterProvider::builder();
        if let Ok(exporter) = opentelemetry_prometheus::exporter()
            .with_registry(REGISTRY.clone())
            .build()
        {
            provider = provider.with_reader(exporter);
        }
        let provider = provider.with_view(histogram_view).build();
        global::set_meter_provider(provider.clone());
        provider
    });
}

fn histogram_view(instrument: &Instrument) -> Option<Stream> {
    let boundaries = match instrument.unit() {
        "s" => SECONDS_BOUNDS.to_vec(),
        "By" => BYTES_BOUNDS.to_vec(),
        _ => return None,
    };
    let aggregation = Aggregation::ExplicitBucketHistogram {
        boundaries,
        record_min_max: false,
    };
    let stream = Stream::builder().with_aggregation(aggregation);
    stream.build().ok()
}

/// No directive can do this: in a filter, a longer target overrides a shorter one.
fn without_payloads() -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let filter =
        FilterFn::new(|metadata: &Metadata<'_>| !metadata.target().starts_with(UNLOGGED_TARGET));
    // Without a hint, each event that the other filter disables would still be evaluated.
    filter.with_max_level_hint(LevelFilter::TRACE)
}

fn has_exporter_endpoint() -> bool {
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ]
    .iter()
    .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The endpoint in the file that [`ENDPOINT_FILE_VARIABLE`] names.
fn endpoint_in_file() -> anyhow::Result<Option<String>> {
    std::env::var_os(ENDPOINT_FILE_VARIABLE)
        .filter(|name| !name.is_empty())
        .map_or(Ok(None), |name| read_endpoint(Path::new(&name)))
}

fn read_endpoint(file: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|endpoint| !endpoint.is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", file.display())),
    }
}

fn tracer_provider(service: &'static str, exporter: SpanExporter) -> SdkTracerProvider {
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.namespace", "manyworlds"))
        .build();
    SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build()
}

fn tracer(provider: &SdkTracerProvider, service: &'static str) -> SdkTracer {
    let scope = InstrumentationScope::builder(service).with_schema_url(SCHEMA_URL);
    provider.tracer_with_scope(scope.build())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_endpoint_is_read_from_a_file_that_may_be_missing_or_empty() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("otlp-endpoint");
        assert_eq!(read_endpoint(&file).unwrap(), None);
        std::fs::write(&file, "\n").unwrap();
        assert_eq!(read_endpoint(&file).unwrap(), None);
        std::fs::write(&file, "http://collector:4318\n").unwrap();
        let endpoint = read_endpoint(&file).unwrap();
        assert_eq!(endpoint.as_deref(), Some("http://collector:4318"));
        read_endpoint(folder.path()).unwrap_err();
    }

    #[test]
    fn payloads_are_not_logged_even_if_they_are_enabled() {
        let mut file = tempfile::tempfile().unwrap();
        let logs =
            tracing_subscriber::fmt::layer().with_writer(Arc::new(file.try_clone().unwrap()));
        let requested = EnvFilter::new("trace,rmcp::service=trace,rmcp::transport[x]=trace");
        let logs = logs.with_filter(requested.and(without_payloads()));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(logs), || {
            tracing::error!(target: "rmcp", "payload");
            tracing::trace!(target: "rmcp::service", "payload");
            tracing::trace_span!(target: "rmcp::transport", "x", payload = 1).in_scope(|| {
                tracing::trace!(target: "bus", "allowed");
            });
        });
        let mut logged = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut logged).unwrap();
        assert!(logged.contains("allowed"), "{logged}");
        assert!(!logged.contains("payload"), "{logged}");
    }
}
