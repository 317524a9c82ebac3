//! Where the code of users runs: on threads of its own, which it may block.

mod threads;

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use service_kit::CancellationToken;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use self::threads::Threads;

/// How many calls of tools are made at the same time for one run: each has a thread too.
pub(crate) const CALLS_PER_RUN_MAX: usize = 8;

/// Runs the code of users. Code that blocks its thread delays nothing else in the process.
pub(crate) struct UserCode {
    /// Absent for a world in memory: tests pause tokio's clock, which stands still while a thread works.
    threads: Option<Threads>,
    /// What goes on when nobody waits for it any more.
    tasks: Mutex<JoinSet<()>>,
}

impl UserCode {
    /// On threads: one for each run, and those of its calls of tools. They are started when they are needed.
    /// It is made in the runtime of the worker.
    pub(crate) fn on_threads(runs_max: usize) -> Self {
        let threads_max = runs_max.saturating_mul(1 + CALLS_PER_RUN_MAX);
        Self {
            threads: Some(Threads::new(threads_max, Handle::current())),
            tasks: Mutex::default(),
        }
    }

    /// In the task that waits for it.
    #[cfg(feature = "testing")]
    pub(crate) fn inline() -> Self {
        Self {
            threads: None,
            tasks: Mutex::default(),
        }
    }

    /// Runs a future to its end; `None` when it panicked. When nobody waits for it any more, it is dropped at
    /// its next `await`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let Some(threads) = &self.threads else {
            return run_inline(work).await;
        };
        let dropped = CancellationToken::new();
        let _guard = dropped.clone().drop_guard();
        let work = async move {
            tokio::select! {
                biased;
                () = dropped.cancelled() => None,
                result = run_inline(work) => result,
            }
        };
        let (runtime, span) = (Handle::current(), Span::current());
        let (ended, end) = oneshot::channel();
        threads.run(move || {
            // The receiver is gone when nobody waits any more.
            let _ = ended.send(runtime.block_on(work.instrument(span)));
        });
        end.await.ok().flatten()
    }

    /// Runs a future that blocks nothing, also when nobody waits for it.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }
}

/// Runs a future in this task; `None` when it panicked.
pub(crate) async fn run_inline<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn code_that_blocks_on_every_thread_of_the_runtime_holds_up_no_other() {
        let code = Arc::new(UserCode::on_threads(8));
        // The runtime has one thread; seven pieces of code block until they are let go.
        let mut blocked = JoinSet::new();
        let mut releases = Vec::new();
        for _ in 0..7 {
            let (release, wait) = mpsc::channel::<()>();
            releases.push(release);
            let code = Arc::clone(&code);
            blocked.spawn(async move { code.run(async move { wait.recv().is_ok() }).await });
        }
        let other = code.run(async {
            tokio::task::yield_now().await;
            "done"
        });
        assert_eq!(other.await, Some("done"));
        for release in releases {
            release.send(()).unwrap();
        }
        assert_eq!(blocked.join_all().await, [Some(true); 7]);
    }

    #[tokio::test]
    async fn a_panic_is_no_result() {
        let code = UserCode::on_threads(1);
        let panicked = code.run(async { panic!("a bug") });
        assert_eq!(panicked.await, None::<()>);
        assert_eq!(code.run(async { 1 }).await, Some(1));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_dropped_at_its_next_await() {
        let code = UserCode::on_threads(1);
        let (held, dropped) = tokio::sync::oneshot::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let work = code.run(async move {
            let _held = held;
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        tokio::select! {
            _ = work => panic!("it never ends"),
            begun = begins => begun.unwrap(),
        }
        assert!(dropped.await.is_err());
    }
}
