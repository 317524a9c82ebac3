//! Brains in Rust: what an agent thinks with whose brain is `{"function": {"action": NAME}}`.

use std::collections::BTreeMap;

use contract::ability::AbilityKey;
use contract::ability::AvailableAbility;
use contract::chat::ChatMessage;
use contract::mind::{MindContext, MindUpdate};
use contract::run::RunResult;
use contract::tool::ToolCall;
use contract::{ActionName, Entity, EntityId, RunContext};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::{Action, Call, Error, Running};

/// What an agent can think with.
pub trait Brain: Send + Sync + 'static {
    /// Answers the last message.
    fn think(&self, thinking: Thinking) -> BoxFuture<'_, Result<String, Error>>;

    /// Decides what an agent with a mind does next. One that only answers sleeps.
    fn act(&self, thinking: Thinking) -> BoxFuture<'_, Result<Decision, Error>> {
        drop(thinking);
        Box::pin(async { Ok(Decision::sleep()) })
    }
}

impl<F, R> Brain for F
where
    F: Fn(Thinking) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, Error>> + Send + 'static,
{
    fn think(&self, thinking: Thinking) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(self(thinking))
    }
}

/// What a brain knows while it thinks.
pub struct Thinking {
    call: Call,
    context: RunContext,
}

impl Thinking {
    /// Who thinks.
    pub fn agent(&self) -> &Entity {
        &self.context.entity
    }

    /// What of the chat is for the agent, oldest first. The last is the one to answer.
    pub fn messages(&self) -> &[ChatMessage] {
        &self.context.messages
    }

    /// What the last message says.
    pub fn text(&self) -> &str {
        self.messages().last().map_or("", |message| &message.text)
    }

    /// What woke the agent, and what it remembers, when it is to decide what it does.
    pub fn situation(&self) -> Option<&MindContext> {
        self.context.situation.as_deref()
    }

    /// The abilities, of its own and of others, that the agent may use.
    pub fn offers(&self) -> &[AvailableAbility] {
        &self.context.offers
    }

    /// Lets those who watch read a piece of the answer already. The whole is what the brain returns.
    pub async fn say(&mut self, piece: &str) {
        self.call.chunk(piece).await;
    }
}

/// What an agent with a mind does next.
#[derive(Debug, Default)]
pub struct Decision {
    thought: MindUpdate,
    calls: Vec<ToolCall>,
}

impl Decision {
    /// Nothing: it sleeps until something wakes it.
    pub fn sleep() -> Self {
        Self::default().and_sleep()
    }

    /// It uses an ability. It decides again when that is done.
    ///
    /// # Errors
    /// When the arguments are no JSON.
    pub fn use_of(ability: AbilityKey, arguments: &impl Serialize) -> Result<Self, Error> {
        Self::default().and_use_of(ability, None, arguments)
    }

    /// And it uses this ability beside, for `target` if that is its own ability.
    ///
    /// # Errors
    /// When the arguments are no JSON.
    pub fn and_use_of(
        mut self,
        ability: AbilityKey,
        target: Option<EntityId>,
        arguments: &impl Serialize,
    ) -> Result<Self, Error> {
        let arguments = to_raw_value(arguments)
            .map_err(|error| Error::failed("bad_arguments", error.to_string()))?;
        let id = format!("call-{}", self.calls.len() + 1);
        let call = ToolCall::to_use(id, ability, target, arguments);
        self.calls.push(call);
        Ok(self)
    }

    /// And it is done with what woke it.
    #[must_use]
    pub fn and_sleep(mut self) -> Self {
        self.thought.sleeps = true;
        self
    }

    /// And it means to do this from now on: until it sleeps, which ends every plan.
    #[must_use]
    pub fn and_plan(mut self, plan: Vec<String>) -> Self {
        self.thought.plan = Some(plan);
        self
    }

    /// And it thought this about something.
    #[must_use]
    pub fn and_think(mut self, about: &str, thought: &str) -> Self {
        let thoughts: &mut BTreeMap<String, String> = &mut self.thought.thoughts;
        thoughts.insert(about.to_owned(), thought.to_owned());
        self
    }
}

/// A brain as the action that workers run.
pub(crate) struct Function<B> {
    pub(crate) name: ActionName,
    pub(crate) brain: B,
}

impl<B: Brain> Action for Function<B> {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        Box::pin(self.answer(call))
    }
}

impl<B: Brain> Function<B> {
    async fn answer(&self, call: Call) -> Result<RunResult, Error> {
        let context = call.context().await?;
        let acts = context.situation.is_some();
        let thinking = Thinking { call, context };
        if acts {
            let decision = self.brain.act(thinking).await?;
            return Ok(RunResult {
                calls: decision.calls,
                thought: Some(decision.thought),
                ..RunResult::default()
            });
        }
        let text = self.brain.think(thinking).await?;
        Ok(RunResult {
            message: Some(text),
            ..RunResult::default()
        })
    }
}
