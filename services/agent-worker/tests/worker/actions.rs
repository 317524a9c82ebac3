//! An action with scripted behaviour.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_worker::{Action, ActionCtx, Error, RunFuture, Worker};
use contract::ActionName;
use contract::run::RunResult;

use crate::support::{config, name};

/// An attempt, given the number of attempts that started before it.
type Act = Arc<dyn Fn(usize, ActionCtx) -> RunFuture<'static> + Send + Sync>;

/// An action `act` that counts the attempts that started, and those that ended or were dropped.
#[derive(Clone)]
pub(crate) struct Scripted {
    name: ActionName,
    act: Act,
    started: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) fn new(
        act: impl Fn(usize, ActionCtx) -> RunFuture<'static> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name("act"),
            act: Arc::new(act),
            started: Arc::default(),
            dropped: Arc::default(),
        }
    }

    /// An action that never ends by itself.
    pub(crate) fn endless() -> Self {
        Self::new(|_, _| Box::pin(std::future::pending()))
    }

    /// An action whose failure is always transient.
    pub(crate) fn failing() -> Self {
        Self::new(|_, _| Box::pin(async { Err(Error::transient("the moon is unavailable")) }))
    }

    pub(crate) fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }

    pub(crate) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }

    /// A worker with this action and the built-in ones.
    pub(crate) fn worker(&self) -> Worker {
        Worker::new(config()).unwrap().with_action(self.clone())
    }
}

impl Action for Scripted {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        let number = self.started.fetch_add(1, Ordering::SeqCst);
        let guard = CountDrop(Arc::clone(&self.dropped));
        let run = (self.act)(number, ctx);
        Box::pin(async move {
            let _guard = guard;
            run.await
        })
    }
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) fn done() -> Result<RunResult, Error> {
    Ok(RunResult::default())
}
