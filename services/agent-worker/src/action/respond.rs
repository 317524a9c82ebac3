use std::sync::Arc;

use contract::run::RunResult;
use contract::{ActionName, AgentConfig, Brain, RunContext};
use tokio::time::{Instant, timeout_at};

use crate::brain::llm::Models;
use crate::brain::{Asked, script};
use crate::mcp::Servers;
use crate::tools::Offer;
use sdk::{Action, Call, Error, Running};

/// A chat turn: the agent answers the last message with its brain, or calls tools on its way there.
pub(crate) struct Respond {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<Models>,
    pub(crate) servers: Arc<Servers>,
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
    async fn respond(&self, mut call: Call) -> Result<RunResult, Error> {
        let context = call.context().await?;
        let Some(config) = &context.entity.agent else {
            let reason = format!("{} is not an agent", context.entity.id);
            return Err(Error::failed("not_an_agent", reason));
        };
        let Some(message) = context.messages.last() else {
            return Err(Error::failed("no_message", "there is no message to answer"));
        };
        let limit = config.turn_timeout_seconds;
        let until = Instant::now()
            .checked_add(limit)
            .map_or(call.deadline(), |end| end.min(call.deadline()));
        let thinking = async {
            let offer = self.offer(config, &context, &call).await;
            let asked = Asked {
                agent: &context.entity,
                messages: &context.messages,
                message,
                steps: &context.steps,
                offer: &offer,
                others: &context.others,
                until,
            };
            match &config.brain {
                Brain::Script(rules) => script::think(rules, asked, &mut call).await,
                Brain::Llm(llm) => self.models.think(llm, asked, &mut call).await,
                Brain::Function { action } => {
                    let reason = format!("{action} is asked, not this");
                    Err(Error::failed("not_this_brain", reason))
                }
                // It was asked before a client began to think for it.
                Brain::Client {} => {
                    let reason = format!("a client thinks for {}", context.entity.id);
                    Err(Error::failed("not_this_brain", reason))
                }
            }
        };
        let thought = timeout_at(until, thinking).await.unwrap_or_else(|_| {
            let reason = format!("there was no answer within {} s", limit.as_secs_f64());
            Err(Error::failed("timeout", reason))
        })?;
        let is_answer = thought.calls.is_empty();
        let said = Some(thought.text).filter(|text| is_answer || !text.trim().is_empty());
        Ok(RunResult {
            message: said,
            calls: thought.calls,
            usage: thought.usage,
            ..Default::default()
        })
    }

    /// The tools for a language model: a script knows what it calls.
    async fn offer(&self, config: &AgentConfig, context: &RunContext, call: &Call) -> Offer {
        match (&config.brain, &config.tools) {
            (Brain::Llm(_), Some(access)) => {
                let world = &call.invocation().world;
                Offer::of(&self.servers, world, access, context).await
            }
            _ => Offer::default(),
        }
    }
}
