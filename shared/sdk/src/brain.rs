//! Brains in Rust, for agents whose brain is `{"function": {"action": NAME}}`.

use futures::future::BoxFuture;

use crate::brain_ctx::BrainCtx;
use crate::decision::Decision;
use crate::error::Error;

/// What answers messages for an agent, and decides what an agent with a mind does.
///
/// An async function from [`BrainCtx`] to the text of the answer is a brain:
///
/// ```
/// use manyworlds_sdk::{BrainCtx, Error, Worker};
///
/// async fn parrot(ctx: BrainCtx) -> Result<String, Error> {
///     Ok(format!("You wrote: {}", ctx.text()))
/// }
///
/// let worker = Worker::builder().brain("parrot", parrot);
/// ```
///
/// A type can do both. This one answers messages with one sentence, and when an event wakes it, it uses the
/// ability `ring` that it perceives:
///
/// ```
/// use futures::future::BoxFuture;
/// use manyworlds_sdk::contract::ability::AbilityKey;
/// use manyworlds_sdk::{Brain, BrainCtx, Decision, Error};
/// use serde_json::json;
///
/// struct Host;
///
/// impl Brain for Host {
///     fn answer(&self, _ctx: BrainCtx) -> BoxFuture<'_, Result<String, Error>> {
///         Box::pin(async { Ok("The round has not begun.".to_owned()) })
///     }
///
///     fn decide(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<Decision, Error>> {
///         Box::pin(async move {
///             let first = ctx.mind().is_some_and(|mind| mind.step == 0);
///             let mut abilities = ctx.abilities().iter();
///             let bell = abilities.find(|ability| ability.ability.as_str() == "ring");
///             match bell {
///                 // The agent decides again when that has ended.
///                 Some(ring) if first => {
///                     let (entity, ability) = (ring.entity.clone(), ring.ability.clone());
///                     let key = AbilityKey { entity, ability };
///                     Decision::call(key, &json!({"times": 2}))
///                 }
///                 _ => Ok(Decision::sleep()),
///             }
///         })
///     }
/// }
///
/// let worker = manyworlds_sdk::Worker::builder().brain("host", Host);
/// ```
pub trait Brain: Send + Sync + 'static {
    /// Answers the last message of a chat.
    fn answer(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<String, Error>>;

    /// Decides what an agent with a mind does next. The default is to sleep.
    fn decide(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<Decision, Error>> {
        drop(ctx);
        Box::pin(async { Ok(Decision::sleep()) })
    }
}

impl<F, R> Brain for F
where
    F: Fn(BrainCtx) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, Error>> + Send + 'static,
{
    fn answer(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(self(ctx))
    }
}
