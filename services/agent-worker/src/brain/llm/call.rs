//! One call of a language model.

use std::time::Duration;

use contract::Usage;
use contract::brain::Llm;
use contract::tool::ToolCall;
use futures::StreamExt;
use genai::chat::{ChatStreamEvent, StreamEnd};
use tokio::time::timeout;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::endpoint::Destination;
use super::failure::Failure;
use super::prompt;
use crate::brain::{Asked, Thought};
use sdk::Call;

/// What is called, and how.
pub(super) struct Request<'a> {
    pub(super) llm: &'a Llm,
    pub(super) asked: Asked<'a>,
    pub(super) destination: &'a Destination,
    /// Whether the answer is to come in one piece.
    pub(super) whole: bool,
}

/// Calls once. The pieces of the answer are published as they come.
pub(super) async fn answer(
    client: &genai::Client,
    request: &Request<'_>,
    stall_timeout: Duration,
    call: &mut Call,
) -> Result<Thought, Failure> {
    let thought = match request.whole {
        true => whole(client, request, call).await?,
        false => stream(client, request, stall_timeout, call).await?,
    };
    match thought.text.trim().is_empty() && thought.calls.is_empty() {
        true => Err(Failure::empty()),
        false => Ok(thought),
    }
}

async fn stream(
    client: &genai::Client,
    request: &Request<'_>,
    stall_timeout: Duration,
    call: &mut Call,
) -> Result<Thought, Failure> {
    let target = request.destination.target(&request.llm.model);
    let prompt = prompt::request(request.llm, request.asked);
    let options = prompt::options(request.llm);
    let opened = quiet(client.exec_chat_stream(target, prompt, Some(&options))).await;
    let mut events = opened.map_err(|error| Failure::of(&error, false))?.stream;
    let mut text = String::new();
    let mut has_begun = false;
    loop {
        let next = quiet(events.next());
        let event = match has_begun {
            false => next.await,
            true => timeout(stall_timeout, next)
                .await
                .map_err(|_| Failure::stalled(stall_timeout))?,
        };
        match event {
            Some(Ok(ChatStreamEvent::Chunk(piece))) => {
                has_begun |= !piece.content.is_empty();
                text.push_str(&piece.content);
                call.chunk(&piece.content).await;
            }
            Some(Ok(ChatStreamEvent::ToolCallChunk(_))) => has_begun = true,
            Some(Ok(ChatStreamEvent::End(end))) => {
                let usage = usage(request.llm, &end);
                let calls = end.captured_into_tool_calls().unwrap_or_default();
                let calls = calls_of(request, calls);
                return Ok(Thought { text, calls, usage });
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Failure::of(&error, true)),
            None => return Err(Failure::cut()),
        }
    }
}

async fn whole(
    client: &genai::Client,
    request: &Request<'_>,
    call: &mut Call,
) -> Result<Thought, Failure> {
    let target = request.destination.target(&request.llm.model);
    let prompt = prompt::request(request.llm, request.asked);
    let options = prompt::options(request.llm);
    let answered = quiet(client.exec_chat(target, prompt, Some(&options))).await;
    let response = answered.map_err(|error| Failure::of(&error, false))?;
    let usage = count(request.llm, &response.usage);
    let text = response.texts().concat();
    if !text.is_empty() {
        call.chunk(&text).await;
    }
    let calls = calls_of(request, response.into_tool_calls());
    Ok(Thought { text, calls, usage })
}

/// What the model called; a model that was offered nothing calls nothing.
fn calls_of(request: &Request<'_>, calls: Vec<genai::chat::ToolCall>) -> Vec<ToolCall> {
    let Asked { offer, steps, .. } = request.asked;
    match offer.tools().is_empty() && steps.is_empty() {
        true => Vec::new(),
        false => offer.calls(prompt::wanted(calls)),
    }
}

fn usage(llm: &Llm, end: &StreamEnd) -> Option<Usage> {
    count(llm, end.captured_usage.as_ref()?)
}

fn count(llm: &Llm, usage: &genai::chat::Usage) -> Option<Usage> {
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

/// Without the logs of the model client: they show what people and models say.
async fn quiet<T>(call: impl Future<Output = T>) -> T {
    call.with_subscriber(NoSubscriber::default()).await
}
