//! Sends requests to language models: retries, limits, metrics and traces.

use std::time::Duration;

use contract::brain::Llm;
use manyworlds_sdk::{ActionCtx, Error};
use models::{Client, Retry};
use service_kit::spans::{self, ModelCall};
use tokio::time::{Instant, sleep, timeout};
use tracing::{Instrument, Span, warn};

use super::attempt::{Attempt, execute};
use super::endpoint::{Endpoints, provider_name};
use super::error::ModelError;
use super::options::options;
use super::prices::Prices;
use super::trace_content::ContentRecorder;
use crate::brain::completion::Completion;
use crate::brain::model_request::ModelRequest;
use crate::config::LlmConfig;
use crate::http;
use crate::metrics::{Metrics, ModelMetrics};

/// A client of the language models that this worker may use.
pub(crate) struct ModelClient {
    config: LlmConfig,
    endpoints: Endpoints,
    prices: Prices,
    /// `HTTP_PROXY` and the like apply, except to this machine itself.
    outside: Client,
    loopback: Client,
    metrics: Metrics,
}

impl ModelClient {
    /// Reads the addresses, the keys and the prices.
    ///
    /// # Errors
    /// When an address or a price of the configuration is invalid, or a key is not set.
    pub(crate) fn new(config: LlmConfig, metrics: Metrics) -> anyhow::Result<Self> {
        Ok(Self {
            endpoints: Endpoints::new(&config)?,
            prices: Prices::new(&config)?,
            outside: client(http::client_builder(config.connect_timeout))?,
            loopback: client(http::client_builder(config.connect_timeout).no_proxy())?,
            config,
            metrics,
        })
    }

    /// Sends a request to a language model, and publishes the chunks of its answer.
    pub(crate) async fn complete(
        &self,
        llm: &Llm,
        request: ModelRequest<'_>,
        ctx: &mut ActionCtx,
    ) -> Result<Completion, Error> {
        let destination = self.endpoints.resolve(llm)?;
        let options = options(llm, destination.max_completion_tokens)?;
        let mut number = 1;
        let mut is_streamed = true;
        loop {
            let attempt = Attempt {
                llm,
                request,
                options: &options,
                destination: &destination,
                is_streamed,
            };
            let error = match self.attempt(&attempt, ctx).await {
                Ok(completion) => return Ok(completion),
                Err(error) => error,
            };
            let Some(pause) = self.retry_pause(&error, number, request.deadline) else {
                return Err(Error::failed(error.code, error.reason));
            };
            warn!(
                code = error.code,
                number, "model request failed, it will be retried"
            );
            // A server whose stream broke may still be able to answer without streaming.
            is_streamed = !(error.is_broken_stream && number + 1 == self.config.calls_max);
            ctx.restart_chunks();
            sleep(pause).await;
            number += 1;
        }
    }

    /// The pause before the next attempt; `None` when there is none.
    fn retry_pause(&self, error: &ModelError, number: u32, deadline: Instant) -> Option<Duration> {
        let pause = match error.retry {
            Retry::Never => return None,
            Retry::WithBackoff => self.config.retry.pause(number),
            Retry::After(pause) => pause,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        (number < self.config.calls_max && pause < left).then_some(pause)
    }

    /// One attempt, within the time limit of the model.
    async fn attempt(
        &self,
        attempt: &Attempt<'_>,
        ctx: &mut ActionCtx,
    ) -> Result<Completion, ModelError> {
        let provider = provider_name(attempt.llm.provider);
        let metrics = self.metrics.model(provider, &attempt.llm.model);
        let span = span(attempt, provider);
        let client = match attempt.destination.is_loopback {
            true => &self.loopback,
            false => &self.outside,
        };
        let limit = attempt.llm.call_timeout_seconds;
        let started = Instant::now();
        let on_first_chunk = || {
            let seconds = started.elapsed().as_secs_f64();
            span.record("gen_ai.response.time_to_first_chunk", seconds);
            metrics.record_first_chunk(seconds);
        };
        let stall_timeout = self.config.stall_timeout;
        let content = ContentRecorder::new(&span, self.config.trace_content);
        let exchange = execute(
            client,
            attempt,
            stall_timeout,
            &content,
            ctx,
            on_first_chunk,
        );
        let completed = timeout(limit, exchange)
            .instrument(span.clone())
            .await
            .unwrap_or_else(|_| Err(ModelError::timeout(limit)));
        let completed = completed.map_err(|error| error.redact(&attempt.destination.key));
        let completed = completed.map(|completion| self.with_cost(attempt.llm, completion));
        let outcome = completed.as_ref().err().map_or("ok", |error| error.code);
        let seconds = started.elapsed().as_secs_f64();
        metrics.record_request(outcome, seconds);
        match &completed {
            Ok(completion) => record_usage(&span, &metrics, completion),
            Err(error) => {
                span.record("error.type", error.code);
                if let Some(logged) = &error.logged {
                    warn!(error = logged, "model request failed");
                }
            }
        }
        completed
    }

    fn with_cost(&self, llm: &Llm, mut completion: Completion) -> Completion {
        if let Some(usage) = &mut completion.usage {
            usage.cost = self.prices.cost(llm.provider, usage);
        }
        completion
    }
}

fn record_usage(span: &Span, metrics: &ModelMetrics<'_>, completion: &Completion) {
    if let Some(usage) = &completion.usage {
        span.record("gen_ai.usage.input_tokens", usage.input_tokens);
        if let Some(cached) = usage.cached_input_tokens {
            span.record("gen_ai.usage.cache_read.input_tokens", cached);
        }
        span.record("gen_ai.usage.output_tokens", usage.output_tokens);
        metrics.record_tokens(usage);
        if let Some(cost) = &usage.cost {
            metrics.record_cost(cost);
        }
    }
}

fn client(http: reqwest::ClientBuilder) -> anyhow::Result<Client> {
    Ok(Client::new(http.build()?))
}

fn span(attempt: &Attempt<'_>, provider: &'static str) -> Span {
    spans::chat(&ModelCall {
        provider,
        model: &attempt.llm.model,
        host: attempt.destination.host(),
        temperature: attempt.llm.temperature,
        tokens_max: attempt.llm.tokens_max,
        is_streamed: attempt.is_streamed,
    })
}
