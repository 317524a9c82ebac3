//! The metrics of the built-in actions. Labels are closed sets: outcomes, providers.

use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};

/// The metrics of the built-in actions.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// Attempts at model requests, by `provider` and `outcome`.
    model_requests: Counter<u64>,
    /// Duration of an attempt at a model request, by `provider`.
    model_duration: Histogram<f64>,
    /// Tokens that language models read and wrote, by `provider` and `direction`.
    tokens: Counter<u64>,
    /// Tool calls, by `outcome`.
    tool_calls: Counter<u64>,
    /// Duration of a tool call, by `outcome`.
    tool_duration: Histogram<f64>,
    /// Attempts to connect to an MCP server, by `outcome`.
    tool_connections: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("agent-worker");
        let counter = |name, description| {
            meter
                .u64_counter(name)
                .with_description(description)
                .build()
        };
        let seconds = |name, description| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            histogram.with_description(description).build()
        };
        Self {
            model_requests: counter(
                "manyworlds.model.calls",
                "attempts at model requests, by provider and outcome",
            ),
            model_duration: seconds(
                "manyworlds.model.call.duration",
                "attempts at model requests, by provider",
            ),
            tokens: counter(
                "manyworlds.model.tokens",
                "tokens of language models, by provider and direction",
            ),
            tool_calls: counter("manyworlds.tool.calls", "tool calls, by outcome"),
            tool_duration: seconds("manyworlds.tool.call.duration", "tool calls, by outcome"),
            tool_connections: counter(
                "manyworlds.tool.connections",
                "attempts to connect to an MCP server, by outcome",
            ),
        }
    }

    pub(crate) fn record_tool_call(&self, outcome: &'static str, seconds: f64) {
        let outcome = [KeyValue::new("outcome", outcome)];
        self.tool_calls.add(1, &outcome);
        self.tool_duration.record(seconds, &outcome);
    }

    pub(crate) fn record_tool_connection(&self, outcome: &'static str) {
        let outcome = [KeyValue::new("outcome", outcome)];
        self.tool_connections.add(1, &outcome);
    }

    pub(crate) fn record_model_request(
        &self,
        provider: &'static str,
        outcome: &'static str,
        seconds: f64,
    ) {
        let provider = KeyValue::new("provider", provider);
        let labels = [provider.clone(), KeyValue::new("outcome", outcome)];
        self.model_requests.add(1, &labels);
        self.model_duration.record(seconds, &[provider]);
    }

    pub(crate) fn record_tokens(&self, provider: &'static str, usage: &contract::Usage) {
        for (direction, tokens) in [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
        ] {
            let labels = [
                KeyValue::new("provider", provider),
                KeyValue::new("direction", direction),
            ];
            self.tokens.add(tokens, &labels);
        }
    }
}
