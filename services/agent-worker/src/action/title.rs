use std::sync::Arc;

use contract::brain::Llm;
use contract::chat::ChatMessage;
use contract::run::RunResult;
use contract::{ActionName, Brain, RunContext};
use serde_json::json;

use crate::brain::Asked;
use crate::brain::llm::Models;
use crate::tools::Offer;
use sdk::{Action, Call, Error, Running};

/// As much of a message as its title could need.
const MESSAGE_CHARACTERS_MAX: usize = 240;
/// A title is a few words.
const TOKENS_MAX: u32 = 20;
const PROMPT: &str = "You name conversations. Answer with a title of at most six words for the one \
                      that you are shown, in its language, and with nothing else.";

/// A title for a chat, in the words of an agent's language model.
pub(crate) struct Title {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<Models>,
}

impl Action for Title {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        Box::pin(self.title(call))
    }
}

impl Title {
    async fn title(&self, mut call: Call) -> Result<RunResult, Error> {
        call.silence();
        let context = call.context().await?;
        let Some(Brain::Llm(llm)) = context.entity.agent.as_ref().map(|agent| &agent.brain) else {
            let reason = format!("{} has no language model", context.entity.id);
            return Err(Error::failed("no_model", reason));
        };
        let Some(last) = context.messages.last() else {
            return Err(Error::failed("no_message", "nothing was said yet"));
        };
        let llm = Llm {
            system_prompt: PROMPT.to_owned(),
            tokens_max: Some(TOKENS_MAX),
            ..(**llm).clone()
        };
        let message = ChatMessage {
            text: conversation(&context),
            ..last.clone()
        };
        let asked = Asked {
            agent: &context.entity,
            messages: std::slice::from_ref(&message),
            message: &message,
            steps: &[],
            offer: &Offer::default(),
            others: &[],
            until: call.deadline(),
        };
        let thought = self.models.think(&llm, asked, &mut call).await?;
        let output = serde_json::value::to_raw_value(&json!({"title": thought.text}));
        Ok(RunResult {
            output: output.ok(),
            usage: thought.usage,
            ..RunResult::default()
        })
    }
}

/// What was said, a line each.
fn conversation(context: &RunContext) -> String {
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
