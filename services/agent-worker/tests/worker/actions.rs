//! Actions that do what a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_worker::{Action, Call, Error, Running, Worker};
use contract::ActionName;
use contract::run::RunResult;

use crate::support::{config, name};

/// What a run does, given how many began before it.
type Act = Arc<dyn Fn(usize, Call) -> Running<'static> + Send + Sync>;

/// An action `act`, and how many runs of it began and were dropped or ended.
#[derive(Clone)]
pub(crate) struct Scripted {
    name: ActionName,
    act: Act,
    begun: Arc<AtomicUsize>,
    gone: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) fn new(
        act: impl Fn(usize, Call) -> Running<'static> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name("act"),
            act: Arc::new(act),
            begun: Arc::default(),
            gone: Arc::default(),
        }
    }

    /// One that never ends by itself.
    pub(crate) fn endless() -> Self {
        Self::new(|_, _| Box::pin(std::future::pending()))
    }

    /// One that always fails, but might not.
    pub(crate) fn failing() -> Self {
        Self::new(|_, _| Box::pin(async { Err(Error::transient("the moon is away")) }))
    }

    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    pub(crate) fn gone(&self) -> usize {
        self.gone.load(Ordering::SeqCst)
    }

    /// A worker that offers it, beside the built-in ones.
    pub(crate) fn worker(&self) -> Worker {
        Worker::new(config()).unwrap().offer(self.clone())
    }
}

impl Action for Scripted {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        let gone = Gone(Arc::clone(&self.gone));
        let run = (self.act)(number, call);
        Box::pin(async move {
            let _gone = gone;
            run.await
        })
    }
}

struct Gone(Arc<AtomicUsize>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) fn done() -> Result<RunResult, Error> {
    Ok(RunResult::default())
}
