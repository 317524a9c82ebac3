//! W3C trace context in the headers of every message.

use async_nats::HeaderMap;
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::TraceContextExt;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The header, and the attribute of an event, that holds the context.
pub const TRACEPARENT: &str = "traceparent";

/// The `traceparent` of the current span; `None` while tracing is off.
pub fn current() -> Option<String> {
    of_span(&Span::current())
}

/// The `traceparent` of a span; `None` while tracing is off.
pub fn of_span(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8()
        )
    })
}

/// Makes `span` a child of the span that `traceparent` names, if it names one.
pub fn continue_from(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else {
        return;
    };
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&One(traceparent))
    });
    if parent.span().span_context().is_valid() {
        // An error means that no exporter listens: then there is nothing to continue.
        let _ = span.set_parent(parent);
    }
}

/// Headers with the current context, or none while tracing is off.
pub(crate) fn headers() -> Option<HeaderMap> {
    let traceparent = current()?;
    let mut headers = HeaderMap::new();
    headers.insert(TRACEPARENT, traceparent.as_str());
    Some(headers)
}

/// The context in the headers of a message. Other clients write the name in their own case.
pub(crate) fn of(headers: Option<&HeaderMap>) -> Option<String> {
    headers?
        .iter()
        .find(|(name, _)| AsRef::<str>::as_ref(*name).eq_ignore_ascii_case(TRACEPARENT))
        .and_then(|(_, values)| values.first())
        .map(|value| value.as_str().to_owned())
}

struct One<'a>(&'a str);

impl Extractor for One<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}
