//! One attempt at a model request.

use std::time::Duration;

use contract::Usage;
use contract::brain::Llm;
use manyworlds_sdk::ActionCtx;
use models::{Client, Finish, Options, Request, Update};

use super::endpoint::Destination;
use super::error::ModelError;
use super::prompt::{self, Prompt};
use super::signatures;
use super::trace_content::ContentRecorder;
use crate::brain::completion::Completion;
use crate::brain::model_request::ModelRequest;
use crate::tools::RawToolCall;

/// What is sent, and where to.
pub(super) struct Attempt<'a> {
    pub(super) llm: &'a Llm,
    pub(super) request: ModelRequest<'a>,
    pub(super) options: &'a Options,
    pub(super) destination: &'a Destination,
    /// Whether the server streams the completion.
    pub(super) is_streamed: bool,
}

/// Sends the request once, and publishes the chunks of the completion as they arrive.
pub(super) async fn execute(
    client: &Client,
    attempt: &Attempt<'_>,
    stall_timeout: Duration,
    content: &ContentRecorder<'_>,
    ctx: &mut ActionCtx,
    on_first_chunk: impl FnOnce(),
) -> Result<Completion, ModelError> {
    let endpoint = &attempt.destination.endpoint;
    let Prompt {
        system,
        messages,
        tools,
    } = prompt::build(attempt.llm, attempt.request, endpoint.protocol);
    content.record_input(&system, &messages);
    let request = Request {
        model: &attempt.llm.model,
        system: &system,
        messages: &messages,
        tools: &tools,
        options: attempt.options,
        is_streamed: attempt.is_streamed,
    };
    let mut response = client.send(endpoint, &request, stall_timeout).await?;
    let mut on_first_chunk = Some(on_first_chunk);
    while let Some(update) = response.next().await? {
        match update {
            Update::Text(text) => {
                if let Some(on_first_chunk) = on_first_chunk.take() {
                    on_first_chunk();
                }
                ctx.publish_chunk(&text).await;
            }
            Update::Retracted => ctx.restart_chunks(),
        }
    }
    let received = response.into_completion()?;
    content.record_output(&received);
    completion(attempt, received)
}

fn completion(
    attempt: &Attempt<'_>,
    completion: models::Completion,
) -> Result<Completion, ModelError> {
    if let Some(words) = &completion.refusal {
        return Err(ModelError::declined(words));
    }
    if let Some(error) = ModelError::of_finish(&completion.finish) {
        return Err(error);
    }
    let is_cut = completion.finish == Finish::Length;
    let usage = completion.usage.map(|usage| Usage {
        model: attempt.llm.model.clone(),
        input_tokens: usage.input_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        output_tokens: usage.output_tokens,
        // The client knows the prices.
        cost: None,
    });
    let text = completion.text;
    let mut message_extra = completion.extra;
    let protocol = attempt.destination.endpoint.protocol;
    let raw = completion.calls.into_iter().map(|call| RawToolCall {
        id: call.id,
        name: call.name,
        arguments: call.arguments,
        signatures: signatures::encode(protocol, call.extra, std::mem::take(&mut message_extra)),
    });
    let ModelRequest { toolset, steps, .. } = attempt.request;
    // Calls of a model that has no tools are ignored.
    let calls = match toolset.tools().is_empty() && steps.is_empty() {
        true => Vec::new(),
        false => toolset.resolve_calls(raw.collect()),
    };
    if !text.trim().is_empty() || !calls.is_empty() {
        return Ok(Completion {
            text,
            calls,
            usage,
            is_cut,
        });
    }
    Err(match is_cut {
        true => ModelError::exhausted(),
        false => ModelError::empty(),
    })
}
