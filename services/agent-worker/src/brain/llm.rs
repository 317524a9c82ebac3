//! Language models: one answer, by as many calls as it takes and the limits allow.

mod call;
mod endpoint;
mod failure;
mod prompt;

use std::time::Duration;

use contract::brain::{Llm, Provider};
use tokio::time::{Instant, sleep, timeout};
use tracing::{Instrument, Span, field, info_span, warn};

use super::{Asked, Thought};
use crate::config::Llm as Config;
use crate::http;
use crate::metrics::Metrics;
use call::Request;
use endpoint::Endpoints;
use failure::{Again, Failure};
use sdk::{Call, Error};

/// The language models that this worker can call.
pub(crate) struct Models {
    config: Config,
    endpoints: Endpoints,
    /// Calls go where `HTTP_PROXY` and the like say, except to this machine itself.
    outside: genai::Client,
    loopback: genai::Client,
    metrics: Metrics,
}

impl Models {
    /// Reads the keys.
    ///
    /// # Errors
    /// When an address of the configuration makes no sense, or its key is not there.
    pub(crate) fn new(config: Config, metrics: Metrics) -> anyhow::Result<Self> {
        Ok(Self {
            endpoints: Endpoints::new(&config)?,
            outside: client(http::builder(config.connect_timeout))?,
            loopback: client(http::builder(config.connect_timeout).no_proxy())?,
            config,
            metrics,
        })
    }

    /// Answers the last message.
    pub(crate) async fn think(
        &self,
        llm: &Llm,
        asked: Asked<'_>,
        call: &mut Call,
    ) -> Result<Thought, Error> {
        let destination = self.endpoints.resolve(llm)?;
        let mut number = 1;
        let mut whole = false;
        loop {
            let request = Request {
                llm,
                asked,
                destination: &destination,
                whole,
            };
            let failure = match self.call(&request, call).await {
                Ok(thought) => return Ok(thought),
                Err(failure) => failure,
            };
            let Some(pause) = self.pause(&failure, number, asked.until) else {
                return Err(Error::failed(failure.code, failure.reason));
            };
            warn!(code = failure.code, number, "a model call failed");
            // A server whose stream broke may still be able to answer in one piece.
            whole = failure.broken_stream && number + 1 == self.config.calls_max;
            call.restart();
            sleep(pause).await;
            number += 1;
        }
    }

    /// How long to wait before the next call; `None` when there is to be none.
    fn pause(&self, failure: &Failure, number: u32, until: Instant) -> Option<Duration> {
        let pause = match failure.again {
            Again::Never => return None,
            Again::Soon => self.config.retry.pause(number),
            Again::After(pause) => pause,
        };
        let left = until.saturating_duration_since(Instant::now());
        (number < self.config.calls_max && pause < left).then_some(pause)
    }

    /// One call, within its own limit.
    async fn call(&self, request: &Request<'_>, call: &mut Call) -> Result<Thought, Failure> {
        let provider = provider_name(request.llm.provider);
        let span = span(request, provider);
        let client = match request.destination.is_loopback {
            true => &self.loopback,
            false => &self.outside,
        };
        let begun = Instant::now();
        let answering = call::answer(client, request, self.config.stall_timeout, call);
        let answered = timeout(request.llm.call_timeout_seconds, answering)
            .instrument(span.clone())
            .await
            .unwrap_or_else(|_| Err(Failure::timeout(request.llm.call_timeout_seconds)));
        let answered = answered.map_err(|failure| failure.without(&request.destination.key));
        let outcome = answered.as_ref().err().map_or("ok", |failure| failure.code);
        let seconds = begun.elapsed().as_secs_f64();
        self.metrics.model_call(provider, outcome, seconds);
        match &answered {
            Ok(thought) => self.note_usage(&span, provider, thought),
            Err(failure) => {
                span.record("error.type", failure.code);
            }
        }
        answered
    }

    fn note_usage(&self, span: &Span, provider: &'static str, thought: &Thought) {
        if let Some(usage) = &thought.usage {
            span.record("gen_ai.usage.input_tokens", usage.input_tokens);
            span.record("gen_ai.usage.output_tokens", usage.output_tokens);
            self.metrics.model_tokens(provider, usage);
        }
    }
}

fn client(http: reqwest::ClientBuilder) -> anyhow::Result<genai::Client> {
    Ok(genai::Client::builder()
        .with_reqwest(http.build()?)
        .build()?)
}

/// Attributes by OpenTelemetry's conventions for generative AI.
fn span(request: &Request<'_>, provider: &'static str) -> Span {
    info_span!(
        "chat",
        otel.name = format!("chat {}", request.llm.model),
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = provider,
        gen_ai.request.model = request.llm.model,
        gen_ai.request.temperature = request.llm.temperature,
        gen_ai.request.max_tokens = request.llm.tokens_max,
        gen_ai.usage.input_tokens = field::Empty,
        gen_ai.usage.output_tokens = field::Empty,
        server.address = request.destination.host(),
        "error.type" = field::Empty,
    )
}

fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai => "openai",
        Provider::Anthropic => "anthropic",
        Provider::Gemini => "gcp.gemini",
        Provider::Ollama => "ollama",
    }
}
