//! Logs as JSON, one object per line, with the trace in which a line was written.

use std::fmt;

use opentelemetry::trace::TraceContextExt as _;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, layer};
use tracing_subscriber::registry::LookupSpan;

use crate::json_fields::JsonSpanFields;

/// A layer that writes each event as a line of JSON. Lines of a trace have `trace_id`, `span_id` and `trace_flags`, the
/// names of OpenTelemetry for logs that are not OTLP.
pub(crate) fn json_log<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    let format = Format::default().json().flatten_event(true);
    layer()
        .with_writer(writer)
        .fmt_fields(JsonSpanFields)
        .event_format(WithTrace(format))
}

/// Adds the current trace to the objects of another format.
struct WithTrace(Format<Json>);

impl<S, N> FormatEvent<S, N> for WithTrace
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // The layer of traces makes the span that is entered the current one of OpenTelemetry, also for a remote parent.
        let current = opentelemetry::Context::current();
        let span = current.span();
        let trace = span.span_context();
        if !trace.is_valid() {
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::with_capacity(512);
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let Some(object) = line.trim_end().strip_suffix('}') else {
            return writer.write_str(&line);
        };
        let (trace_id, span_id) = (trace.trace_id(), trace.span_id());
        let flags = trace.trace_flags().to_u8();
        writeln!(
            writer,
            r#"{object},"trace_id":"{trace_id}","span_id":"{span_id}","trace_flags":"{flags:02x}"}}"#
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::sync::Arc;

    use opentelemetry::Context;
    use opentelemetry::trace::{
        SpanContext, SpanId, TraceFlags, TraceId, TraceState, TracerProvider as _,
    };
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use serde_json::Value;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// What `work` logs while traces are made.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let mut file = tempfile::tempfile().unwrap();
        let tracer = SdkTracerProvider::builder().build().tracer("test");
        let registry = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(tracer))
            .with(json_log(Arc::new(file.try_clone().unwrap())));
        tracing::subscriber::with_default(registry, work);
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_line_in_a_span_has_the_ids_of_its_trace() {
        let parent = SpanContext::new(
            TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
            SpanId::from(0x00f0_67aa_0ba9_02b7),
            TraceFlags::SAMPLED,
            true,
            TraceState::default(),
        );
        let lines = logged(|| {
            let span = tracing::info_span!("command", world = "lobby");
            let remote = Context::new().with_remote_span_context(parent.clone());
            span.set_parent(remote).unwrap();
            span.in_scope(|| {
                tracing::info!(seq = 7, "accepted");
                tracing::info_span!("commit").in_scope(|| tracing::warn!("a \"quoted\" }} text"));
            });
        });
        let [outer, inner] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        for line in [outer, inner] {
            assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(line["trace_flags"], "01");
            assert_eq!(line["span_id"].as_str().unwrap().len(), 16);
        }
        assert_ne!(outer["span_id"], inner["span_id"]);
        assert_ne!(outer["span_id"], parent.span_id().to_string());
        assert_eq!(outer["seq"], 7);
        assert_eq!(outer["span"]["world"], "lobby");
        assert_eq!(inner["message"], "a \"quoted\" } text");
    }

    #[test]
    fn fields_of_a_span_have_their_types() {
        let lines = logged(|| {
            let span = tracing::info_span!(
                "run",
                otel.kind = "consumer",
                action = "say \"hi\"\n",
                action.r#type = ?Some("chat"),
                attempt = 2,
                below = -1_i64,
                share = 0.5,
                unknown = f64::NAN,
                fresh = true,
                world = tracing::field::Empty,
                outcome = tracing::field::Empty,
            );
            span.record("world", tracing::field::display("\u{fc}ber \u{1}"));
            span.record("outcome", "completed");
            span.in_scope(|| tracing::info!("ended"));
        });
        let expected = serde_json::json!({
            "name": "run",
            "action": "say \"hi\"\n",
            "action.type": "Some(\"chat\")",
            "attempt": 2,
            "below": -1,
            "share": 0.5,
            "unknown": null,
            "fresh": true,
            "world": "\u{fc}ber \u{1}",
            "outcome": "completed",
        });
        assert_eq!(lines[0]["span"], expected);
        assert_eq!(lines[0]["spans"], serde_json::json!([expected]));
    }

    #[test]
    fn a_span_may_get_its_first_field_late() {
        let lines = logged(|| {
            let span = tracing::info_span!(
                "process",
                otel.kind = "server",
                world = tracing::field::Empty
            );
            span.in_scope(|| tracing::info!("received"));
            span.record("world", "lobby");
            span.in_scope(|| tracing::info!("accepted"));
            span.record("world", "kitchen");
            span.in_scope(|| tracing::info!("moved"));
        });
        let spans: Vec<_> = lines.iter().map(|line| &line["span"]).collect();
        assert_eq!(*spans[0], serde_json::json!({"name": "process"}));
        assert_eq!(
            *spans[1],
            serde_json::json!({"name": "process", "world": "lobby"})
        );
        assert_eq!(spans[2]["world"], "kitchen");
    }

    #[test]
    fn a_line_outside_a_span_has_no_trace() {
        let lines = logged(|| tracing::info!("ready"));
        let [line] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        assert_eq!(line["message"], "ready");
        for key in ["trace_id", "span_id", "trace_flags"] {
            assert_eq!(line.get(key), None);
        }
    }
}
