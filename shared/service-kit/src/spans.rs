//! The spans of traces: their names, kinds and attributes, by OpenTelemetry's semantic conventions. Nothing else names
//! one. Those for messages are of version 1.42.0; those for generative AI, of version 0.1.0 of a repository of their own.
//!
//! Ids are attributes and never names, so that spans of one kind have one name. Prompts and answers are recorded by
//! [`record_content`] alone, which its callers use only where that is switched on.

use std::fmt::Display;

use tracing::{Span, debug_span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of the spans of single frames: they are for traces, and the log has them only on request
/// (`RUST_LOG=info,frames=debug`), since to write one costs more than to parse its frame.
pub const FRAME_SPANS: &str = "frames";

/// The conventions for all but generative AI.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

/// A request of a client over HTTP, on the `route` with its parameters unnamed.
pub fn http_request(method: &str, route: &str) -> Span {
    info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
    )
}

/// A frame of a socket, which only traces have by default.
pub fn frame(world: impl Display) -> Span {
    debug_span!(target: FRAME_SPANS, "frame", otel.kind = "server", world.id = %world)
}

/// A request that came from another service and is replied to. `template` is its subject, with the names of what
/// varies in braces.
pub fn request(template: &'static str) -> Span {
    info_span!(
        "process",
        otel.name = format!("process {template}"),
        otel.kind = "server",
        messaging.system = "nats",
        messaging.operation.name = "process",
        messaging.operation.r#type = "process",
        messaging.destination.template = template,
        world.id = field::Empty,
    )
}

/// A run of an action that is put in the work queue, whose subject is of this `template`.
pub fn send_run(template: &'static str, action: &str, run: impl Display) -> Span {
    info_span!(
        "send",
        otel.name = format!("send {action}"),
        otel.kind = "producer",
        messaging.system = "nats",
        messaging.operation.name = "send",
        messaging.operation.r#type = "send",
        messaging.destination.template = template,
        messaging.message.id = %run,
        action.name = action,
    )
}

/// An attempt at a run of the work queue.
pub struct RunAttempt<'a, I> {
    /// The subject of the queue.
    pub template: &'static str,
    /// The run.
    pub run: I,
    /// Its action.
    pub action: &'a str,
    /// Its world.
    pub world: &'a str,
    /// Whose action it is.
    pub entity: &'a str,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}

/// An attempt at a run of the work queue.
pub fn process_run<I: Display>(attempt: &RunAttempt<'_, I>) -> Span {
    info_span!(
        "run",
        otel.name = format!("process {}", attempt.action),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.name = "process",
        messaging.operation.r#type = "process",
        messaging.destination.template = attempt.template,
        messaging.message.id = %attempt.run,
        action.name = attempt.action,
        world.id = attempt.world,
        agent.id = attempt.entity,
        attempt = attempt.attempt,
    )
}

/// An agent answers, or decides what to do next.
pub fn invoke_agent(id: &str, conversation: Option<&str>) -> Span {
    info_span!(
        "invoke_agent",
        otel.name = format!("invoke_agent {id}"),
        otel.kind = "internal",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.id = id,
        gen_ai.agent.name = id,
        gen_ai.conversation.id = conversation,
    )
}

/// A request to a language model.
pub struct ModelCall<'a> {
    /// Who serves it.
    pub provider: &'a str,
    /// Its name.
    pub model: &'a str,
    /// Where it is.
    pub host: &'a str,
    /// What is requested, if anything.
    pub temperature: Option<f64>,
    /// What is requested, if anything.
    pub tokens_max: Option<u32>,
    /// Whether the answer is streamed.
    pub is_streamed: bool,
}

/// A request to a language model. `gen_ai.usage.*`, `gen_ai.response.time_to_first_chunk` and `error.type` are recorded
/// once they are known.
pub fn chat(call: &ModelCall<'_>) -> Span {
    info_span!(
        "chat",
        otel.name = format!("chat {}", call.model),
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = call.provider,
        gen_ai.request.model = call.model,
        gen_ai.request.temperature = call.temperature,
        gen_ai.request.max_tokens = call.tokens_max,
        gen_ai.request.stream = call.is_streamed,
        gen_ai.response.time_to_first_chunk = field::Empty,
        gen_ai.usage.input_tokens = field::Empty,
        gen_ai.usage.cache_read.input_tokens = field::Empty,
        gen_ai.usage.output_tokens = field::Empty,
        server.address = call.host,
        "error.type" = field::Empty,
    )
}

/// The system prompt of a request to a language model, in JSON.
pub const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
/// The conversation of a request to a language model, in JSON.
pub const INPUT_MESSAGES: &str = "gen_ai.input.messages";
/// The answer of a language model, in JSON.
pub const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";

/// Adds content to a span as it is exported. It is no field of the span, so that no log has it.
pub fn record_content(span: &Span, attribute: &'static str, json: String) {
    span.set_attribute(attribute, json);
}

/// A call of a tool. `error.type` is recorded when it fails.
pub fn execute_tool(name: &str, id: &str) -> Span {
    info_span!(
        "execute_tool",
        otel.name = format!("execute_tool {name}"),
        otel.kind = "internal",
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = name,
        gen_ai.tool.call.id = id,
        gen_ai.tool.r#type = "function",
        "error.type" = field::Empty,
    )
}
