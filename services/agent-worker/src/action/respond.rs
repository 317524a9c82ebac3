use std::sync::Arc;

use contract::action::RespondOutput;
use contract::run::RunResult;
use contract::tool::{ToolAccess, ToolStep};
use contract::{ActionName, AgentConfig, Brain, RunContext};
use manyworlds_sdk::{Action, ActionCtx, Error, RunFuture};

use super::agent_span::in_agent_span;
use super::node_calls::{NodeTools, with_new_ids};
use super::session;
use super::turn_limit::{limit_turn, turn_deadline};
use crate::brain::{Completion, ModelClient, ModelRequest, add_usage, script};
use crate::mcp::ConnectionPool;
use crate::metrics::Metrics;
use crate::tools::Toolset;

/// Steps with tool calls to one answer in a session, as in a chat.
const STEPS_MAX: usize = 24;
/// What stands between the texts of two steps.
const PARAGRAPH: &str = "\n\n";
/// The end of an answer that the model could not finish, for its readers.
const CUT_MARK: &str = "\n\n[cut off: the model reached its maximum number of tokens]";

/// Answers the last message of a chat with the brain of an agent, or returns the tool calls that its
/// model makes first. As a node of a flow it answers a request, or handles an event.
pub(crate) struct Respond {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<ModelClient>,
    pub(crate) pool: Arc<ConnectionPool>,
    pub(crate) metrics: Metrics,
}

impl Action for Respond {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(in_agent_span(ctx, |ctx| self.respond(ctx)))
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
            match &context.node {
                Some(node) => {
                    let tools = NodeTools {
                        pool: &self.pool,
                        metrics: &self.metrics,
                        context: &context,
                        node,
                    };
                    self.complete_with(&tools, config, request, &mut ctx).await
                }
                None => self.complete(config, request, &mut ctx).await,
            }
        };
        // The turn is large: it has the connections to models and tools.
        let mut completion = Box::pin(limit_turn(deadline, limit, turn)).await?;
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

    async fn complete(
        &self,
        config: &AgentConfig,
        request: ModelRequest<'_>,
        ctx: &mut ActionCtx,
    ) -> Result<Completion, Error> {
        match &config.brain {
            Brain::Script(rules) => script::complete(rules, request, ctx).await,
            Brain::Llm(llm) => self.models.complete(llm, request, ctx).await,
            Brain::Function { action } => {
                let reason = format!("the brain of the agent is the action {action}");
                Err(Error::failed("not_this_brain", reason))
            }
            // The run was requested before the brain became a client.
            Brain::Client {} => {
                let reason = format!("the brain of {} is a client", request.agent.id);
                Err(Error::failed("not_this_brain", reason))
            }
        }
    }

    /// Completes a request in a session, with the tool calls on the way: they are made within the run. What the
    /// model writes beside its calls has gone to the client, and is part of the answer.
    async fn complete_with(
        &self,
        tools: &NodeTools<'_>,
        config: &AgentConfig,
        request: ModelRequest<'_>,
        ctx: &mut ActionCtx,
    ) -> Result<Completion, Error> {
        let mut steps = tools.earlier_steps(ctx).await?;
        let (mut text, mut usage) = (String::new(), None);
        while steps.len() < STEPS_MAX {
            let request = ModelRequest {
                steps: &steps,
                ..request
            };
            let completion = self.complete(config, request, ctx).await?;
            text.push_str(&completion.text);
            add_usage(&mut usage, completion.usage);
            if completion.calls.is_empty() {
                return Ok(Completion {
                    text,
                    calls: Vec::new(),
                    usage,
                    is_cut: completion.is_cut,
                });
            }
            if !completion.text.is_empty() {
                text.push_str(PARAGRAPH);
                ctx.publish_chunk(PARAGRAPH).await;
            }
            let calls = with_new_ids(completion.calls, &steps);
            let calls = tools.make_calls(calls, ctx).await?;
            let mut step = ToolStep {
                said: String::new(),
                calls,
            };
            step.said = completion.text;
            steps.push(step);
        }
        let reason = format!("the model called tools {STEPS_MAX} times and gave no answer");
        Err(Error::failed("too_many_steps", reason))
    }

    /// The tools of a language model. A script names the tools that it calls.
    async fn toolset(
        &self,
        config: &AgentConfig,
        context: &RunContext,
        ctx: &ActionCtx,
    ) -> Toolset {
        match (&config.brain, &config.tools) {
            (Brain::Llm(_), Some(access)) => {
                // In a session there is nobody to ask.
                let questions = access.questions && context.node.is_none();
                let access = ToolAccess {
                    questions,
                    ..access.clone()
                };
                let world = &ctx.request().world;
                Toolset::for_chat(&self.pool, world, &access, context).await
            }
            _ => Toolset::default(),
        }
    }
}
