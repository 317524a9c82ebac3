//! What the built-in actions measure. Labels are closed sets: outcomes, providers.

use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};

/// The measurements of the built-in actions.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// Calls of language models that ended, by `provider` and `outcome`.
    pub(crate) model_calls: Counter<u64>,
    /// How long a call of a language model took, by `provider`.
    pub(crate) model_duration: Histogram<f64>,
    /// Tokens that language models read and wrote, by `provider` and `direction`.
    pub(crate) tokens: Counter<u64>,
    /// Calls of tools that ended, by `outcome`.
    pub(crate) tool_calls: Counter<u64>,
    /// How long a call of a tool took, by `outcome`.
    pub(crate) tool_duration: Histogram<f64>,
    /// Attempts to connect to a server of tools, by `outcome`.
    pub(crate) tool_connections: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("agent-worker");
        Self {
            model_calls: meter.u64_counter("manyworlds.model.calls").build(),
            model_duration: meter
                .f64_histogram("manyworlds.model.call.duration")
                .with_unit("s")
                .build(),
            tokens: meter.u64_counter("manyworlds.model.tokens").build(),
            tool_calls: meter.u64_counter("manyworlds.tool.calls").build(),
            tool_duration: meter
                .f64_histogram("manyworlds.tool.call.duration")
                .with_unit("s")
                .build(),
            tool_connections: meter.u64_counter("manyworlds.tool.connections").build(),
        }
    }

    /// Counts a call of a tool.
    pub(crate) fn tool_call(&self, outcome: &'static str, seconds: f64) {
        let outcome = [KeyValue::new("outcome", outcome)];
        self.tool_calls.add(1, &outcome);
        self.tool_duration.record(seconds, &outcome);
    }

    /// Counts an attempt to connect to a server of tools.
    pub(crate) fn tool_connection(&self, outcome: &'static str) {
        let outcome = [KeyValue::new("outcome", outcome)];
        self.tool_connections.add(1, &outcome);
    }

    /// Counts a call of a language model.
    pub(crate) fn model_call(&self, provider: &'static str, outcome: &'static str, seconds: f64) {
        let provider = KeyValue::new("provider", provider);
        let labels = [provider.clone(), KeyValue::new("outcome", outcome)];
        self.model_calls.add(1, &labels);
        self.model_duration.record(seconds, &[provider]);
    }

    /// Counts the tokens of an answer.
    pub(crate) fn model_tokens(&self, provider: &'static str, usage: &contract::Usage) {
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
