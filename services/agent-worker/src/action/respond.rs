use std::sync::Arc;

use contract::action::RespondOutput;
use contract::run::RunResult;
use contract::{ActionName, AgentConfig, Brain, RunContext};
use sdk::{Action, ActionCtx, Error, RunFuture};

use super::session;
use super::turn_limit::{limit_turn, turn_deadline};
use crate::brain::{ModelClient, ModelRequest, script};
use crate::mcp::ConnectionPool;
use crate::tools::Toolset;

/// The end of an answer that the model could not finish, for its readers.
const CUT_MARK: &str = "\n\n[cut off: the model reached its maximum number of tokens]";

/// Answers the last message of a chat with the brain of an agent, or returns the tool calls that its
/// model makes first. As a node of a flow it answers a request, or handles an event.
pub(crate) struct Respond {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<ModelClient>,
    pub(crate) pool: Arc<ConnectionPool>,
}

impl Action for Respond {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.respond(ctx))
    }

    fn never_blocks(&self) -> bool {
        true
    }
}

impl Respond {
    async fn respond(&self, mut ctx: ActionCtx) -> Result<RunResult, Error> {
        let mut context = ctx.context().await?;
        session::add_event(&mut context);
        let Some(config) = &context.entity.agent else {
            let reason = format!("{} is not an agent", context.entity.id);
            return Err(Error::failed("not_an_agent", reason));
        };
        let Some(message) = context.messages.last() else {
            return Err(Error::failed("no_message", "there is no message to answer"));
        };
        let limit = config.turn_timeout_seconds;
        let deadline = turn_deadline(limit, &ctx);
        let turn = async {
            let toolset = self.toolset(config, &context, &ctx).await;
            let request = ModelRequest {
                agent: &context.entity,
                messages: &context.messages,
                message,
                steps: &context.steps,
                toolset: &toolset,
                others: &context.others,
                deadline,
            };
            match &config.brain {
                Brain::Script(rules) => script::complete(rules, request, &mut ctx).await,
                Brain::Llm(llm) => self.models.complete(llm, request, &mut ctx).await,
                Brain::Function { action } => {
                    let reason = format!("the brain of the agent is the action {action}");
                    Err(Error::failed("not_this_brain", reason))
                }
                // The run was requested before the brain became a client.
                Brain::Client {} => {
                    let reason = format!("the brain of {} is a client", context.entity.id);
                    Err(Error::failed("not_this_brain", reason))
                }
            }
        };
        let mut completion = limit_turn(deadline, limit, turn).await?;
        if completion.is_cut && completion.calls.is_empty() {
            ctx.publish_chunk(CUT_MARK).await;
            completion.text.push_str(CUT_MARK);
        }
        if let Some(node) = &context.node {
            return session::result(&node.step, completion);
        }
        let is_answer = completion.calls.is_empty();
        let text = Some(completion.text).filter(|text| is_answer || !text.trim().is_empty());
        let output = RespondOutput {
            message: text,
            calls: completion.calls,
            usage: completion.usage,
        };
        Ok(output.into())
    }

    /// The tools of a language model. A script names the tools that it calls.
    async fn toolset(
        &self,
        config: &AgentConfig,
        context: &RunContext,
        ctx: &ActionCtx,
    ) -> Toolset {
        match (&config.brain, &config.tools) {
            // A node of a flow answers without tools.
            (Brain::Llm(_), Some(access)) if context.node.is_none() => {
                let world = &ctx.request().world;
                Toolset::for_chat(&self.pool, world, access, context).await
            }
            _ => Toolset::default(),
        }
    }
}
