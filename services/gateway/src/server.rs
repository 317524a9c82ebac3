//! The life of the gateway's process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bus::Bus;
use door_kit::{BrokerConnection, DoorState};
use service_kit::{Bootstrap, CancellationToken, Health, ServiceFuture};
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::config::{Config, TlsConfig};
use crate::cors;
use crate::http_server::{self, Phases};
use crate::jwks;
use crate::router::{self, Defaults};

/// The part of the grace period that clients may wait for the end of a turn. The rest is for their responses.
const TURNS_PART_OF_GRACE: f32 = 0.9;

/// Runs the gateway until `shutdown`. It listens at once, and is not ready until NATS is connected.
///
/// # Errors
/// When the configuration is invalid or the address can't be listened on.
pub fn run(config: Config, shutdown: CancellationToken) -> ServiceFuture {
    Box::pin(bootstrap(config, shutdown))
}

async fn bootstrap(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    config.check(config.listen)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listen on {}", config.listen))?;
    let bootstrap = Bootstrap {
        name: "gateway",
        connects_to: "nats",
        // `serve` aborts and logs what is open at the end of the grace period before the tasks are
        // aborted.
        grace: config.drain_delay + config.shutdown_grace + Duration::from_secs(1),
        shutdown,
    };
    let (connection, nats) = (BrokerConnection::default(), config.nats.clone());
    let connected = connection.clone();
    let page = |health, shutdown| serve(config, connection, health, listener, shutdown);
    let connect = async move { Bus::connect(&nats, "gateway").await };
    let work = async move |bus, _: Health, shutdown: CancellationToken| {
        connected.set(bus);
        shutdown.cancelled().await;
        Ok(())
    };
    bootstrap.run(page, connect, work).await
}

/// Runs the gateway on a connection and a listener that exist already, beside other services of the same
/// process.
///
/// # Errors
/// When the configuration is invalid.
pub fn run_with(
    config: Config,
    bus: Bus,
    health: Health,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> ServiceFuture {
    let connection = BrokerConnection::default();
    connection.set(bus);
    Box::pin(serve(config, connection, health, listener, shutdown))
}

async fn serve(
    config: Config,
    connection: BrokerConnection,
    health: Health,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the listener's address")?;
    config.check(address)?;
    let (drain_delay, grace) = (config.drain_delay, config.shutdown_grace);
    let connection_limits = config.connection_limits();
    let cors = cors::layer(&config.cors_origins)?;
    register_readiness(&health, connection.clone(), shutdown.clone());
    let stop = CancellationToken::new();
    let jwks_url = config.jwt.jwks_url()?;
    let tls = config.tls.as_ref().map(TlsConfig::acceptor).transpose()?;
    let doors = DoorState::new(config.door_settings()?, connection, stop.clone());
    let doors = Arc::new(doors);
    let defaults = Defaults {
        genworlds: config.genworlds_settings(),
        atoms_flow: config.atoms_flow,
    };
    let routes = router::router(&doors, defaults, cors, &health);
    info!(%address, "listening");
    let phases = Phases {
        drain: shutdown.clone(),
        stop: stop.clone(),
    };
    let served = http_server::serve(listener, routes, connection_limits, phases, tls);
    let closed = CancellationToken::new();
    let report = doors.report_connections(health.clone(), closed.clone());
    let (until, tokens) = (closed.clone(), Arc::clone(&doors.tokens));
    let fetch_keys = async move {
        if let Some(url) = jwks_url {
            jwks::fetch_until(until, tokens, url).await;
        }
    };
    let serve = async {
        // The last connections end with what follows, whatever ends it.
        let _closed = closed.drop_guard();
        served.await;
        // They are no requests any more, and are not waited for there.
        doors.tasks.close();
        doors.tasks.wait().await;
        anyhow::Ok(())
    };
    let ended = async {
        let (served, (), ()) = tokio::join!(serve, report, fetch_keys);
        served
    };
    let turns_cut = doors.turns_cut.clone();
    let shut_down = async {
        shutdown.cancelled().await;
        info!(?drain_delay, "draining");
        tokio::time::sleep(drain_delay).await;
        stop.cancel();
        tokio::time::sleep(grace.mul_f32(TURNS_PART_OF_GRACE)).await;
        turns_cut.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        result = until_grace_is_over(ended, &stop, grace) => result,
        () = shut_down => Ok(()),
    }
}

fn register_readiness(health: &Health, connection: BrokerConnection, shutdown: CancellationToken) {
    health.require("nats", move || connection.check());
    health.require("gateway", move || {
        if shutdown.is_cancelled() {
            Err("shutting down".to_owned())
        } else {
            Ok(())
        }
    });
}

/// Waits until every request and every WebSocket has ended, but not longer after shutdown than `grace`.
async fn until_grace_is_over(
    ended: impl Future<Output = anyhow::Result<()>>,
    shutdown: &CancellationToken,
    grace: Duration,
) -> anyhow::Result<()> {
    let grace_is_over = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = ended => result,
        () = grace_is_over => {
            warn!("requests or sockets still open at the end of the grace period");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn open_requests_and_sockets_share_one_grace_period() {
        let shutdown = CancellationToken::new();
        let grace = Duration::from_secs(20);
        let open = async {
            // A request that takes nearly all of the grace, then a socket that never ends.
            tokio::time::sleep(Duration::from_secs(19)).await;
            std::future::pending().await
        };
        shutdown.cancel();
        let start = tokio::time::Instant::now();
        until_grace_is_over(open, &shutdown, grace).await.unwrap();
        assert_eq!(start.elapsed(), grace);
    }
}
