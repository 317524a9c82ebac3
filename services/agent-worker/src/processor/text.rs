//! Processors of texts: brains and language models.

use contract::brain::{Llm, Script};
use contract::chat::ChatMessage;
use contract::{MessageId, Timestamp};
use manyworlds_sdk::{ActionCtx, Error};
use serde_json::value::{RawValue, to_raw_value};

use super::sample::{Output, Sample};
use crate::brain::{Completion, ModelClient, ModelRequest, script};
use crate::tools::Toolset;

/// Lets a language model answer a sample.
pub(super) async fn by_model(
    models: &ModelClient,
    llm: &Llm,
    sample: Sample<'_>,
    ctx: &mut ActionCtx,
) -> Result<Output, Error> {
    let message = message_of(sample);
    let toolset = Toolset::default();
    let completion = models
        .complete(llm, request(sample, &message, &toolset), ctx)
        .await?;
    output_of(completion)
}

/// Lets the script that is the brain of an agent answer a sample.
pub(super) async fn by_brain_script(
    rules: &Script,
    sample: Sample<'_>,
    ctx: &mut ActionCtx,
) -> Result<Output, Error> {
    let message = message_of(sample);
    let toolset = Toolset::default();
    let completion = script::complete(rules, request(sample, &message, &toolset), ctx).await?;
    output_of(completion)
}

fn request<'a>(
    sample: Sample<'a>,
    message: &'a ChatMessage,
    toolset: &'a Toolset,
) -> ModelRequest<'a> {
    ModelRequest {
        agent: sample.agent,
        messages: std::slice::from_ref(message),
        message,
        steps: &[],
        toolset,
        others: &[],
        deadline: sample.deadline,
    }
}

/// A sample as the message of its requester.
fn message_of(sample: Sample<'_>) -> ChatMessage {
    let id = MessageId(sample.interaction.step.id.0);
    ChatMessage {
        id,
        sender: sample.interaction.requester.clone(),
        from_agent: false,
        answerers: Vec::new(),
        text: text_of(sample.inputs),
        turn: id,
        at: Timestamp::default(),
        in_reply_to: None,
    }
}

fn output_of(completion: Completion) -> Result<Output, Error> {
    if !completion.calls.is_empty() {
        let reason = "a processor has no tools: its script or model called one";
        return Err(Error::failed("no_tools", reason));
    }
    let usage = completion.usage;
    Ok(Output {
        usage,
        ..to_output(&completion.text)?
    })
}

/// The text of the inputs of a step: what is no text is taken as its JSON.
pub(super) fn text_of(inputs: &[Box<RawValue>]) -> String {
    let texts = inputs.iter().map(|input| {
        let text = serde_json::from_str::<String>(input.get());
        text.unwrap_or_else(|_| input.get().to_owned())
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A text as a sample.
pub(super) fn to_output(text: &str) -> Result<Output, Error> {
    let value = to_raw_value(text);
    let value = value.map_err(|error| Error::failed("invalid_sample", error.to_string()))?;
    Ok(value.into())
}
