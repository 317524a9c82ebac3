//! The four services, each on a connection of its own, as if they were four processes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bus::Bus;
use service_kit::{CancellationToken, Health, Tasks};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::Config;

/// A NATS that does not answer within this long is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection for each service.
pub(super) struct Connected {
    world: Bus,
    agent_worker: Bus,
    pub(super) gateway: Bus,
    persistence: Bus,
}

/// Connects all services to NATS.
///
/// # Errors
/// When NATS is not there.
pub(super) async fn connect(config: &Config) -> anyhow::Result<Connected> {
    let connecting = async {
        anyhow::Ok(Connected {
            world: Bus::connect(&config.world.nats, "world").await?,
            agent_worker: Bus::connect(&config.agent_worker.nats, "agent-worker").await?,
            gateway: Bus::connect(&config.gateway.nats, "gateway").await?,
            persistence: Bus::connect(&config.persistence.nats, "persistence").await?,
        })
    };
    timeout(CONNECT_TIMEOUT, connecting)
        .await
        .with_context(|| format!("reach NATS at {}", config.world.nats.shown_url()))?
}

/// Starts all services. At the end the gateway and the worker go first: what they still hold needs a
/// world that answers.
pub(super) fn spawn(
    config: Config,
    connected: Connected,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Tasks {
    let mut tasks = Tasks::new(shutdown.clone());
    let served = CancellationToken::new();
    // The last drop ends the others.
    let gateway_guard = Arc::new(served.clone().drop_guard());
    let worker_guard = gateway_guard.clone();
    // The gateway serves it, so its readiness is everybody's.
    let health = Health::default();
    health.report("manyworlds");
    tasks.spawn(
        "world",
        world::run_with(
            config.world,
            connected.world,
            health.clone(),
            served.clone(),
        ),
    );
    let working = agent_worker::run_with(
        config.agent_worker,
        connected.agent_worker,
        health.clone(),
        shutdown.clone(),
    );
    tasks.spawn("agent worker", async move {
        let _guard = worker_guard;
        working.await
    });
    tasks.spawn(
        "persistence",
        persistence::run_with(
            config.persistence,
            connected.persistence,
            health.clone(),
            served,
        ),
    );
    let open = gateway::run_with(
        config.gateway,
        connected.gateway,
        health,
        listener,
        shutdown,
    );
    tasks.spawn("gateway", async move {
        let _guard = gateway_guard;
        open.await
    });
    tasks
}
