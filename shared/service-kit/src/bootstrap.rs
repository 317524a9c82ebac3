//! Starts a service: first its health page, then its connection, then its work.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Health, Tasks};

/// The start and the end of a service.
pub struct Bootstrap {
    /// The name of the service.
    pub name: &'static str,
    /// The name of its connection on the health page.
    pub connects_to: &'static str,
    /// The longest time that a shutdown takes.
    pub grace: Duration,
    /// Cancelled to shut it down.
    pub shutdown: CancellationToken,
}

impl Bootstrap {
    /// Serves the `page` at once, connects, and runs the `work` on the connection, until shutdown. The
    /// service is not ready until `work` replaces the check of the connection.
    ///
    /// # Errors
    /// The error that stopped the page, the connection or the work before shutdown.
    pub async fn run<C, E, P, W>(
        self,
        page: impl FnOnce(Health, CancellationToken) -> P,
        connect: impl Future<Output = Result<C, E>> + Send + 'static,
        work: impl FnOnce(C, Health, CancellationToken) -> W + Send + 'static,
    ) -> anyhow::Result<()>
    where
        C: Send,
        E: Into<anyhow::Error> + Send,
        P: Future<Output = anyhow::Result<()>> + Send + 'static,
        W: Future<Output = anyhow::Result<()>> + Send,
    {
        let Self {
            name,
            connects_to,
            grace,
            shutdown,
        } = self;
        let health = Health::default();
        health.report(name);
        health.require(connects_to, || Err("connecting".to_owned()));
        let mut tasks = Tasks::new(shutdown.clone());
        tasks.spawn("serve", page(health.clone(), shutdown.clone()));
        tasks.spawn(name, async move {
            let connection = tokio::select! {
                connection = connect => connection.map_err(Into::into)?,
                () = shutdown.cancelled() => return Ok(()),
            };
            work(connection, health, shutdown).await
        });
        tasks.run(grace).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn bootstrap(shutdown: &CancellationToken) -> Bootstrap {
        Bootstrap {
            name: "test",
            connects_to: "broker",
            grace: Duration::from_secs(1),
            shutdown: shutdown.clone(),
        }
    }

    async fn page(_: Health, shutdown: CancellationToken) -> anyhow::Result<()> {
        shutdown.cancelled().await;
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn the_page_shows_connecting_and_the_work_gets_the_connection() {
        let shutdown = CancellationToken::new();
        let work = async |connection: u32, health: Health, shutdown: CancellationToken| {
            assert_eq!(connection, 7);
            assert_eq!(health.problems(), ["broker: connecting"]);
            shutdown.cancel();
            anyhow::Ok(())
        };
        let connect = ready(anyhow::Ok(7));
        bootstrap(&shutdown).run(page, connect, work).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_does_not_wait_for_the_connection() {
        let shutdown = CancellationToken::new();
        let connect = pending::<anyhow::Result<()>>();
        let work = async |(), _, _| anyhow::bail!("there is no connection");
        shutdown.cancel();
        bootstrap(&shutdown).run(page, connect, work).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_connection_ends_the_service() {
        let shutdown = CancellationToken::new();
        let connect = ready(Err::<(), _>(anyhow::anyhow!("wrong credentials")));
        let work = async |(), _, _| anyhow::Ok(());
        let error = bootstrap(&shutdown).run(page, connect, work).await;
        let error = format!("{:#}", error.unwrap_err());
        assert_eq!(error, "test: wrong credentials");
    }
}
