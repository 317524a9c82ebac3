//! Nodes as functions: one for a type of events, or for all types that begin with a prefix.

use contract::flow::TranscriptMessage;
use futures::future::BoxFuture;

use crate::error::Error;
use crate::event::Event;
use crate::node::Node;
use crate::node_ctx::NodeCtx;
use crate::node_event::NodeEvent;

type Handling = BoxFuture<'static, Result<(), Error>>;
type Hook = Box<dyn Fn(NodeEvent, NodeCtx) -> Handling + Send + Sync>;
type Answer = Box<dyn Fn(Vec<TranscriptMessage>, NodeCtx) -> Handling + Send + Sync>;

/// A node that is made of functions. An event is handled by each whose type or prefix it has, in the order in
/// which they were added.
///
/// ```
/// use manyworlds_sdk::{NodeHooks, Worker};
///
/// let audit = NodeHooks::default()
///     .on("escalation_event", async |event, ctx| ctx.log("escalated", &event.data).await)
///     .on_prefix("myapp.", async |event, ctx| {
///         ctx.set_variable("last", event.event_type.as_str());
///         Ok(())
///     });
/// let worker = Worker::builder().node("audit_log", audit);
/// ```
#[derive(Default)]
pub struct NodeHooks {
    hooks: Vec<(TypeMatch, Hook)>,
    answer: Option<Answer>,
}

/// Which types a function is for.
enum TypeMatch {
    Exact(String),
    Prefix(String),
}

impl TypeMatch {
    fn matches(&self, event_type: &str) -> bool {
        match self {
            Self::Exact(exact) => event_type == exact,
            Self::Prefix(prefix) => event_type.starts_with(prefix),
        }
    }
}

impl NodeHooks {
    /// Handles the events of one type.
    #[must_use]
    pub fn on<F, R>(self, event_type: &str, handler: F) -> Self
    where
        F: Fn(NodeEvent, NodeCtx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.with(TypeMatch::Exact(event_type.to_owned()), handler)
    }

    /// Handles the events of all types that begin so; with the empty prefix, all of them.
    #[must_use]
    pub fn on_prefix<F, R>(self, prefix: &str, handler: F) -> Self
    where
        F: Fn(NodeEvent, NodeCtx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.with(TypeMatch::Prefix(prefix.to_owned()), handler)
    }

    /// Handles the events of a type as its struct.
    #[must_use]
    pub fn on_event<E, F, R>(self, handler: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(E, NodeCtx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let decode = move |event: NodeEvent, ctx: NodeCtx| {
            let handling = event.decode_data::<E>().map(|data| handler(data, ctx));
            async move { handling?.await }
        };
        self.with(TypeMatch::Exact(E::TYPE.to_owned()), decode)
    }

    /// Answers requests: see [`Node::generate_response`].
    #[must_use]
    pub fn answer<F, R>(mut self, answer: F) -> Self
    where
        F: Fn(Vec<TranscriptMessage>, NodeCtx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.answer = Some(Box::new(move |messages, ctx| {
            Box::pin(answer(messages, ctx))
        }));
        self
    }

    fn with<F, R>(mut self, types: TypeMatch, handler: F) -> Self
    where
        F: Fn(NodeEvent, NodeCtx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let hook: Hook = Box::new(move |event, ctx| Box::pin(handler(event, ctx)));
        self.hooks.push((types, hook));
        self
    }
}

impl Node for NodeHooks {
    async fn process_event(&self, event: NodeEvent, ctx: NodeCtx) -> Result<(), Error> {
        for (types, hook) in &self.hooks {
            if types.matches(&event.event_type) {
                hook(event.clone(), ctx.clone()).await?;
            }
        }
        Ok(())
    }

    async fn generate_response(
        &self,
        messages: Vec<TranscriptMessage>,
        ctx: NodeCtx,
    ) -> Result<(), Error> {
        let Some(answer) = &self.answer else {
            let reason = format!("the code of {} does not answer requests", ctx.node());
            return Err(Error::failed("no_response", reason));
        };
        answer(messages, ctx).await
    }
}
