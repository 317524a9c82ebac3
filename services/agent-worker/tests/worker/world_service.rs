//! The world service, in the process of the test.

use bus::Bus;
use service_kit::{CancellationToken, Health};
use testkit::eventually;
use tokio::task::JoinSet;
use world::Config;

/// A replica of the world service. It is killed when it is dropped.
pub(crate) struct WorldService {
    shutdown: CancellationToken,
    running: JoinSet<anyhow::Result<()>>,
}

impl WorldService {
    /// Starts one, and waits until it is ready.
    pub(crate) async fn start(bus: Bus) -> Self {
        let (health, shutdown) = (Health::default(), CancellationToken::new());
        let run = world::run_with(Config::default(), bus, health.clone(), shutdown.clone());
        let mut running = JoinSet::new();
        running.spawn(run);
        eventually("the world service is ready", async || {
            health.problems().is_empty()
        })
        .await;
        Self { shutdown, running }
    }

    /// Stops it, and waits until it has ended.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        let ended = self.running.join_next().await.unwrap();
        ended.unwrap().unwrap();
    }
}
