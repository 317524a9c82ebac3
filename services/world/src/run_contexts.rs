//! Contexts of runs for the dispatcher, from the actors of this process.
//!
//! A run that is dispatched with its context costs its worker no request. Where the world is active in another
//! process, or its actor has something else to do, the run is dispatched without one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{CommitId, RunContext, RunId, WorldId};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Requests that wait for one actor.
const REQUESTS_MAX: usize = 1024;
/// How long the dispatcher waits for an actor.
const PATIENCE: Duration = Duration::from_millis(20);
/// A larger context is requested by the worker: the work queue need not keep it.
const CONTEXT_BYTES_MAX: usize = 32 * 1024;

/// The actors of this process.
#[derive(Default)]
pub(crate) struct RunContexts {
    actors: Mutex<HashMap<WorldId, mpsc::Sender<ContextRequest>>>,
}

/// A request for the context of a run that a commit has requested.
pub(crate) struct ContextRequest {
    pub(crate) run: RunId,
    /// The commit, which is in the log.
    pub(crate) commit: CommitId,
    reply: oneshot::Sender<Box<RunContext>>,
}

impl ContextRequest {
    pub(crate) fn reply(self, context: RunContext) {
        // The dispatcher may not wait any more.
        let _ = self.reply.send(Box::new(context));
    }
}

/// The requests to the actor of one world. It gets none once this is dropped.
pub(crate) struct ContextRequests {
    world: WorldId,
    receiver: mpsc::Receiver<ContextRequest>,
    contexts: Arc<RunContexts>,
}

impl RunContexts {
    /// From now on this actor has the contexts of its world.
    pub(crate) fn serve(self: &Arc<Self>, world: WorldId) -> ContextRequests {
        let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
        self.actors().insert(world.clone(), sender);
        ContextRequests {
            world,
            receiver,
            contexts: Arc::clone(self),
        }
    }

    /// The context of a run that a commit has requested, if there is an actor that knows it now.
    pub(crate) async fn find(
        &self,
        world: &WorldId,
        commit: CommitId,
        run: RunId,
    ) -> Option<Box<RawValue>> {
        let actor = self.actors().get(world).cloned()?;
        let (reply, context) = oneshot::channel();
        actor.try_send(ContextRequest { run, commit, reply }).ok()?;
        let context = timeout(PATIENCE, context).await.ok()?.ok()?;
        let context = to_raw_value(&context).ok()?;
        (context.get().len() <= CONTEXT_BYTES_MAX).then_some(context)
    }

    fn actors(&self) -> MutexGuard<'_, HashMap<WorldId, mpsc::Sender<ContextRequest>>> {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ContextRequests {
    /// The next request. Dropped before it is ready, it has received none.
    pub(crate) async fn next(&mut self) -> Option<ContextRequest> {
        self.receiver.recv().await
    }
}

impl Drop for ContextRequests {
    fn drop(&mut self) {
        self.receiver.close();
        let mut actors = self.contexts.actors();
        // A new actor may have replaced this one.
        if actors.get(&self.world).is_some_and(mpsc::Sender::is_closed) {
            actors.remove(&self.world);
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::CommandId;

    use super::*;

    fn run() -> RunId {
        CommandId::new().event(0).run()
    }

    #[tokio::test(start_paused = true)]
    async fn a_world_that_is_not_active_here_has_no_contexts() {
        let contexts = Arc::new(RunContexts::default());
        let world: WorldId = "lobby".parse().unwrap();
        let found = contexts.find(&world, CommitId::new(), run()).await;
        assert!(found.is_none());
        drop(contexts.serve(world.clone()));
        assert!(contexts.actors().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_actor_that_replaced_another_keeps_its_place() {
        let contexts = Arc::new(RunContexts::default());
        let world: WorldId = "lobby".parse().unwrap();
        let first = contexts.serve(world.clone());
        let _second = contexts.serve(world.clone());
        drop(first);
        assert!(contexts.actors().contains_key(&world));
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_actor_is_not_waited_for() {
        let contexts = Arc::new(RunContexts::default());
        let world: WorldId = "lobby".parse().unwrap();
        let _busy = contexts.serve(world.clone());
        let found = contexts.find(&world, CommitId::new(), run()).await;
        assert!(found.is_none());
    }
}
