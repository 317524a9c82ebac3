//! One attempt at a model request.

use std::time::Duration;

use contract::Usage;
use contract::brain::Llm;
use contract::tool::ToolCall;
use futures::StreamExt;
use genai::chat::{ChatStreamEvent, StreamEnd};
use sdk::ActionCtx;
use tokio::time::timeout;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::endpoint::Destination;
use super::error::ModelError;
use super::prompt;
use crate::brain::completion::Completion;
use crate::brain::model_request::ModelRequest;

/// What is sent, and where to.
pub(super) struct Attempt<'a> {
    pub(super) llm: &'a Llm,
    pub(super) request: ModelRequest<'a>,
    pub(super) destination: &'a Destination,
    /// Whether the server streams the completion.
    pub(super) is_streamed: bool,
}

/// Sends the request once, and publishes the chunks of the completion as they arrive.
pub(super) async fn execute(
    client: &genai::Client,
    attempt: &Attempt<'_>,
    stall_timeout: Duration,
    ctx: &mut ActionCtx,
) -> Result<Completion, ModelError> {
    let completion = match attempt.is_streamed {
        true => execute_streamed(client, attempt, stall_timeout, ctx).await?,
        false => execute_unstreamed(client, attempt, ctx).await?,
    };
    match completion.text.trim().is_empty() && completion.calls.is_empty() {
        true => Err(ModelError::empty()),
        false => Ok(completion),
    }
}

async fn execute_streamed(
    client: &genai::Client,
    attempt: &Attempt<'_>,
    stall_timeout: Duration,
    ctx: &mut ActionCtx,
) -> Result<Completion, ModelError> {
    let target = attempt.destination.target(&attempt.llm.model);
    let prompt = prompt::build(attempt.llm, attempt.request);
    let options = prompt::options(attempt.llm);
    let opened = without_logs(client.exec_chat_stream(target, prompt, Some(&options))).await;
    let mut events = opened
        .map_err(|error| ModelError::of(&error, false))?
        .stream;
    let mut text = String::new();
    let mut has_started = false;
    loop {
        let next = without_logs(events.next());
        let event = match has_started {
            false => next.await,
            true => timeout(stall_timeout, next)
                .await
                .map_err(|_| ModelError::stalled(stall_timeout))?,
        };
        match event {
            Some(Ok(ChatStreamEvent::Chunk(chunk))) => {
                has_started |= !chunk.content.is_empty();
                text.push_str(&chunk.content);
                ctx.publish_chunk(&chunk.content).await;
            }
            Some(Ok(ChatStreamEvent::ToolCallChunk(_))) => has_started = true,
            Some(Ok(ChatStreamEvent::End(end))) => {
                let usage = streamed_usage(attempt.llm, &end);
                let calls = end.captured_into_tool_calls().unwrap_or_default();
                let calls = tool_calls(attempt, calls);
                return Ok(Completion { text, calls, usage });
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(ModelError::of(&error, true)),
            None => return Err(ModelError::truncated()),
        }
    }
}

async fn execute_unstreamed(
    client: &genai::Client,
    attempt: &Attempt<'_>,
    ctx: &mut ActionCtx,
) -> Result<Completion, ModelError> {
    let target = attempt.destination.target(&attempt.llm.model);
    let prompt = prompt::build(attempt.llm, attempt.request);
    let options = prompt::options(attempt.llm);
    let received = without_logs(client.exec_chat(target, prompt, Some(&options))).await;
    let response = received.map_err(|error| ModelError::of(&error, false))?;
    let usage = convert_usage(attempt.llm, &response.usage);
    let text = response.texts().concat();
    if !text.is_empty() {
        ctx.publish_chunk(&text).await;
    }
    let calls = tool_calls(attempt, response.into_tool_calls());
    Ok(Completion { text, calls, usage })
}

/// The tool calls of a completion. Calls of a model that has no tools are ignored.
fn tool_calls(attempt: &Attempt<'_>, calls: Vec<genai::chat::ToolCall>) -> Vec<ToolCall> {
    let ModelRequest { toolset, steps, .. } = attempt.request;
    match toolset.tools().is_empty() && steps.is_empty() {
        true => Vec::new(),
        false => toolset.resolve_calls(prompt::raw_calls(calls)),
    }
}

fn streamed_usage(llm: &Llm, end: &StreamEnd) -> Option<Usage> {
    convert_usage(llm, end.captured_usage.as_ref()?)
}

fn convert_usage(llm: &Llm, usage: &genai::chat::Usage) -> Option<Usage> {
    if usage.prompt_tokens.is_none() && usage.completion_tokens.is_none() {
        return None;
    }
    let tokens = |count: Option<i32>| u64::try_from(count.unwrap_or_default()).unwrap_or_default();
    Some(Usage {
        model: llm.model.clone(),
        input_tokens: tokens(usage.prompt_tokens),
        output_tokens: tokens(usage.completion_tokens),
    })
}

/// Drops the log lines of the model client: they contain prompts and completions.
async fn without_logs<T>(exchange: impl Future<Output = T>) -> T {
    exchange.with_subscriber(NoSubscriber::default()).await
}
