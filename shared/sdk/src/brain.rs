//! Brains in Rust: what an agent thinks with whose brain is `{"function": {"action": NAME}}`.

use contract::invocation::{ChatMessage, Completed};
use contract::{ActionName, Context, Entity};
use futures::future::BoxFuture;

use crate::{Action, Call, Error, Running};

/// What an agent can think with.
pub trait Brain: Send + Sync + 'static {
    /// Answers the last message.
    fn think(&self, thinking: Thinking) -> BoxFuture<'_, Result<String, Error>>;
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
    context: Context,
}

impl Thinking {
    /// Who thinks.
    pub fn agent(&self) -> &Entity {
        &self.context.agent
    }

    /// What of the chat is for the agent, oldest first. The last is the one to answer.
    pub fn messages(&self) -> &[ChatMessage] {
        &self.context.messages
    }

    /// What the last message says.
    pub fn text(&self) -> &str {
        self.messages().last().map_or("", |message| &message.text)
    }

    /// Lets those who watch read a piece of the answer already. The whole is what the brain returns.
    pub async fn say(&mut self, piece: &str) {
        self.call.chunk(piece).await;
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
    async fn answer(&self, call: Call) -> Result<Completed, Error> {
        let context = call.context().await?;
        let text = self.brain.think(Thinking { call, context }).await?;
        Ok(Completed {
            message: Some(text),
            ..Completed::default()
        })
    }
}
