//! The metrics of the built-in actions. Labels are closed sets: outcomes, providers; and as many models as
//! [`MODELS_MAX`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use contract::Cost;
use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, Value, global};

/// How many models have a label of their own in the metrics: worlds name them, and each is a series of its own.
const MODELS_MAX: usize = 50;
/// The unit of [`Cost`], of which a unit of its currency has so many.
const MICROS: f64 = 1_000_000.0;
/// The label of all models beyond those.
const OTHER_MODELS: &str = "other";

/// The models that have a label of their own: the first that were used.
#[derive(Default)]
struct ModelLabels(Mutex<BTreeSet<String>>);

impl ModelLabels {
    fn label(&self, model: &str) -> KeyValue {
        let mut models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if models.len() < MODELS_MAX && !models.contains(model) {
            models.insert(model.to_owned());
        }
        let shown = match models.contains(model) {
            true => model.to_owned(),
            false => OTHER_MODELS.to_owned(),
        };
        KeyValue::new("model", shown)
    }
}

/// The metrics of the built-in actions.
#[derive(Clone)]
pub(crate) struct Metrics {
    models: Arc<ModelLabels>,
    /// Attempts at model requests, by `provider`, `model` and `outcome`.
    model_requests: Counter<u64>,
    /// Duration of an attempt at a model request, by `provider` and `model`.
    model_duration: Histogram<f64>,
    /// Time from a model request to the first text of its answer, by `provider` and `model`.
    time_to_first_chunk: Histogram<f64>,
    /// Tokens that language models read and wrote, by `provider`, `model` and `direction`.
    tokens: Counter<u64>,
    /// What requests to language models cost, in units of a currency, by `provider`, `model` and `currency`.
    cost: Counter<f64>,
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
            models: Arc::default(),
            model_requests: counter(
                "manyworlds.model.calls",
                "attempts at model requests, by provider, model and outcome",
            ),
            model_duration: seconds(
                "manyworlds.model.call.duration",
                "attempts at model requests, by provider and model",
            ),
            time_to_first_chunk: seconds(
                "manyworlds.model.time_to_first_chunk",
                "time from a model request to the first text of its answer, by provider and model",
            ),
            tokens: counter(
                "manyworlds.model.tokens",
                "tokens of language models, by provider, model and direction",
            ),
            cost: meter
                .f64_counter("manyworlds.model.cost")
                .with_unit("{currency}")
                .with_description(
                    "cost of requests to language models in units of the currency, by provider, model and currency",
                )
                .build(),
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

    /// The labels of a model.
    pub(crate) fn model(&self, provider: &'static str, model: &str) -> ModelMetrics<'_> {
        ModelMetrics {
            metrics: self,
            labels: [
                KeyValue::new("provider", provider),
                self.models.label(model),
            ],
        }
    }
}

/// The metrics of one model.
pub(crate) struct ModelMetrics<'a> {
    metrics: &'a Metrics,
    labels: [KeyValue; 2],
}

impl ModelMetrics<'_> {
    pub(crate) fn record_request(&self, outcome: &'static str, seconds: f64) {
        let labels = self.with("outcome", outcome);
        self.metrics.model_requests.add(1, &labels);
        self.metrics.model_duration.record(seconds, &self.labels);
    }

    pub(crate) fn record_first_chunk(&self, seconds: f64) {
        let histogram = &self.metrics.time_to_first_chunk;
        histogram.record(seconds, &self.labels);
    }

    pub(crate) fn record_tokens(&self, usage: &contract::Usage) {
        for (direction, tokens) in [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
        ] {
            let labels = self.with("direction", direction);
            self.metrics.tokens.add(tokens, &labels);
        }
    }

    /// The currencies are those of the configuration: one.
    pub(crate) fn record_cost(&self, cost: &Cost) {
        let labels = self.with("currency", cost.currency.to_string());
        self.metrics.cost.add(cost.micros as f64 / MICROS, &labels);
    }

    fn with(&self, name: &'static str, value: impl Into<Value>) -> [KeyValue; 3] {
        let [provider, model] = self.labels.clone();
        [provider, model, KeyValue::new(name, value)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_models_as_the_limit_have_a_label() {
        let models = ModelLabels::default();
        for number in 0..MODELS_MAX {
            let name = format!("model-{number}");
            assert_eq!(models.label(&name), KeyValue::new("model", name));
        }
        let other = KeyValue::new("model", OTHER_MODELS);
        assert_eq!(models.label("one-more"), other);
        assert_eq!(models.label("model-0"), KeyValue::new("model", "model-0"));
        assert_eq!(models.label("and-another"), other);
    }
}
