use std::sync::Arc;

use contract::invocation::Completed;
use contract::{ActionName, Brain};
use tokio::time::{Instant, timeout_at};

use super::{Action, Call, Error, Running};
use crate::brain::llm::Models;
use crate::brain::{Asked, script};

/// A chat turn: the agent answers the last message with its brain.
pub(crate) struct Respond {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<Models>,
}

impl Action for Respond {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        Box::pin(self.respond(call))
    }
}

impl Respond {
    async fn respond(&self, mut call: Call) -> Result<Completed, Error> {
        let context = call.context().await?;
        let Some(config) = &context.agent.agent else {
            let reason = format!("{} is not an agent", context.agent.id);
            return Err(Error::failed("not_an_agent", reason));
        };
        let Some(message) = context.messages.last() else {
            return Err(Error::failed("no_message", "there is no message to answer"));
        };
        let limit = config.turn_timeout_seconds;
        let until = Instant::now()
            .checked_add(limit)
            .map_or(call.deadline(), |end| end.min(call.deadline()));
        let asked = Asked {
            agent: &context.agent,
            messages: &context.messages,
            message,
            others: &context.others,
            until,
        };
        let thinking = async {
            match &config.brain {
                Brain::Script(rules) => script::think(rules, asked, &mut call).await,
                Brain::Llm(llm) => self.models.think(llm, asked, &mut call).await,
            }
        };
        let thought = timeout_at(until, thinking).await.unwrap_or_else(|_| {
            let reason = format!("there was no answer within {} s", limit.as_secs_f64());
            Err(Error::failed("timeout", reason))
        })?;
        Ok(Completed {
            message: Some(thought.text),
            usage: thought.usage,
            ..Default::default()
        })
    }
}
