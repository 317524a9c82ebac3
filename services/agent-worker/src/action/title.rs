use std::sync::Arc;

use contract::action::TitleOutput;
use contract::brain::Llm;
use contract::chat::ChatMessage;
use contract::run::RunResult;
use contract::{ActionName, Brain, EntityId, RunContext};
use manyworlds_sdk::{Action, ActionCtx, Error, RunFuture};
use serde_json::value::to_raw_value;

use crate::brain::{ModelClient, ModelRequest};
use crate::tools::Toolset;

/// The part of a message that is relevant for a title.
const MESSAGE_CHARACTERS_MAX: usize = 240;
/// A title has a few words, but a model may think before it writes them.
const TOKENS_MAX: u32 = 2048;
const PROMPT: &str = "You name conversations. Answer with a title of at most six words for the one \
                      that you are shown, in its language, and with nothing else.";

/// Titles a chat with the language model of an agent.
pub(crate) struct Title {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<ModelClient>,
}

impl Action for Title {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.title(ctx))
    }

    fn never_blocks(&self) -> bool {
        true
    }
}

impl Title {
    async fn title(&self, mut ctx: ActionCtx) -> Result<RunResult, Error> {
        ctx.mute();
        let context = ctx.context().await?;
        let Some(Brain::Llm(llm)) = context.entity.agent.as_ref().map(|agent| &agent.brain) else {
            let reason = format!("{} has no language model", context.entity.id);
            return Err(Error::failed("no_model", reason));
        };
        let Some(last) = context.messages.last() else {
            return Err(Error::failed("no_message", "the chat has no messages"));
        };
        let llm = Llm {
            system_prompt: PROMPT.to_owned(),
            tokens_max: Some(TOKENS_MAX),
            ..(**llm).clone()
        };
        let message = ChatMessage {
            // Not the agent's own, even when it wrote the last message: the model is to answer it.
            sender: EntityId::world(),
            from_agent: false,
            text: transcript(&context),
            ..last.clone()
        };
        let request = ModelRequest {
            agent: &context.entity,
            messages: std::slice::from_ref(&message),
            message: &message,
            steps: &[],
            toolset: &Toolset::default(),
            others: &[],
            deadline: ctx.deadline(),
        };
        let completion = self.models.complete(&llm, request, &mut ctx).await?;
        let mut lines = completion.text.lines().map(str::trim);
        let output = TitleOutput {
            title: lines
                .find(|line| !line.is_empty())
                .unwrap_or_default()
                .to_owned(),
        };
        Ok(RunResult {
            output: to_raw_value(&output).ok(),
            usage: completion.usage,
            ..RunResult::default()
        })
    }
}

/// The messages of a chat, one per line.
fn transcript(context: &RunContext) -> String {
    let line = |message: &ChatMessage| {
        let role = if message.from_agent {
            "assistant"
        } else {
            "user"
        };
        let words: Vec<&str> = message.text.split_whitespace().collect();
        let text: String = words
            .join(" ")
            .chars()
            .take(MESSAGE_CHARACTERS_MAX)
            .collect();
        format!("-{role}: {text}\n")
    };
    context.messages.iter().map(line).collect()
}
