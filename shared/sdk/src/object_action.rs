//! An ability of a type of objects as an action.

use std::marker::PhantomData;

use contract::ActionName;
use contract::run::RunResult;

use crate::action::{Action, RunFuture};
use crate::action_ctx::ActionCtx;
use crate::error::Error;
use crate::event::Event;
use crate::object::Object;
use crate::object_ctx::ObjectCtx;
use crate::received::Received;

/// Runs a function for the event `E` and the object `O`.
pub(crate) struct ObjectAction<O, E, F> {
    name: ActionName,
    run: F,
    types: PhantomData<fn() -> (O, E)>,
}

impl<O, E, F> ObjectAction<O, E, F> {
    pub(crate) fn new(name: ActionName, run: F) -> Self {
        Self {
            name,
            run,
            types: PhantomData,
        }
    }
}

impl<O, E, F, R> Action for ObjectAction<O, E, F>
where
    O: Object,
    E: Event + Send + 'static,
    F: Fn(Received<E>, ObjectCtx<O>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<ObjectCtx<O>, Error>> + Send + 'static,
{
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(self.run_ability(ctx))
    }
}

impl<O, E, F, R> ObjectAction<O, E, F>
where
    O: Object,
    E: Event + Send + 'static,
    F: Fn(Received<E>, ObjectCtx<O>) -> R,
    R: Future<Output = Result<ObjectCtx<O>, Error>>,
{
    async fn run_ability(&self, ctx: ActionCtx) -> Result<RunResult, Error> {
        let received = Received::<E>::decode(ctx.request().arguments.as_deref())?;
        let context = ctx.context().await?;
        let object = ObjectCtx::new(context.entity, received.id)?;
        (self.run)(received, object).await?.into_result()
    }
}
