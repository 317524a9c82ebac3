//! Long tasks: each has a name, and none ends unnoticed.

use std::pin::Pin;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

type BoxedTask = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// The long tasks of a service. A task that ends before shutdown, for any reason, ends the service.
pub struct Tasks {
    running: JoinSet<(&'static str, anyhow::Result<()>)>,
    shutdown: CancellationToken,
}

impl Tasks {
    /// An empty set of tasks, which must end when `shutdown` is cancelled.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self {
            running: JoinSet::new(),
            shutdown,
        }
    }

    /// The token that is cancelled at shutdown: pass it to each task.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Starts a task that runs until shutdown.
    pub fn spawn<E: Into<anyhow::Error>>(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        // In a box, so that what runs a task is compiled once, and not for each of them.
        let task = Box::pin(async move { task.await.map_err(Into::into) });
        self.spawn_boxed(name, task);
    }

    fn spawn_boxed(&mut self, name: &'static str, task: BoxedTask) {
        self.running.spawn(async move { (name, task.await) });
    }

    /// Waits for shutdown, then for every task, `grace` at most.
    ///
    /// # Errors
    /// The task that failed, or ended before shutdown, or did not end within `grace`.
    pub async fn run(mut self, grace: Duration) -> anyhow::Result<()> {
        let shutdown = self.shutdown.clone();
        tokio::select! {
            // A task that ends because of the shutdown must not be reported as an early end.
            biased;
            () = shutdown.cancelled() => info!("shutting down"),
            ended = self.running.join_next() => {
                shutdown.cancel();
                // The other tasks still finish their work in progress.
                let cause = match ended {
                    Some(Ok((name, Ok(())))) => anyhow::anyhow!("{name} ended before shutdown"),
                    Some(Ok((name, Err(error)))) => error.context(name),
                    Some(Err(panic)) => anyhow::Error::new(panic).context("a task panicked"),
                    None => anyhow::anyhow!("no tasks to run"),
                };
                let _ = tokio::time::timeout(grace, self.join()).await;
                return Err(cause);
            }
        }
        tokio::time::timeout(grace, self.join())
            .await
            .context("tasks were still busy at the end of the grace period")?
    }

    async fn join(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.running.join_next().await {
            let (name, result) = ended.context("a task panicked")?;
            result.context(name)?;
            debug!(task = name, "task ended");
        }
        Ok(())
    }
}

/// A token that SIGTERM and Ctrl-C cancel.
pub(crate) fn shutdown_on_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    #[expect(clippy::disallowed_methods, reason = "it lives as long as the process")]
    tokio::spawn(async move {
        match (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                cancel.cancel();
            }
            _ => warn!("signal handlers unavailable: only SIGKILL ends this process"),
        }
    });
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_early_ends_the_service() {
        let mut tasks = Tasks::new(CancellationToken::new());
        tasks.spawn("short", async { anyhow::Ok(()) });
        let error = tasks.run(Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.to_string(), "short ended before shutdown");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_reported() {
        let shutdown = CancellationToken::new();
        let mut tasks = Tasks::new(shutdown.clone());
        tasks.spawn("stuck", std::future::pending::<anyhow::Result<()>>());
        shutdown.cancel();
        assert!(tasks.run(Duration::from_secs(1)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_waits_for_work_in_progress() {
        let shutdown = CancellationToken::new();
        let mut tasks = Tasks::new(shutdown.clone());
        let token = tasks.shutdown();
        tasks.spawn("busy", async move {
            token.cancelled().await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            anyhow::Ok(())
        });
        shutdown.cancel();
        tasks.run(Duration::from_secs(1)).await.unwrap();
    }
}
