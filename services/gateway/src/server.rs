//! The life of the gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use bus::Bus;
use service_kit::{Bootstrap, CancellationToken, Health};
use tokio::net::TcpListener;
use tracing::{info, warn};

use crate::config::Config;
use crate::gateway::Gateway;
use crate::link::Link;
use crate::router;

/// Runs the gateway until `shutdown`. It listens at once, and says why it is not ready while NATS
/// is not there.
///
/// # Errors
/// When the configuration makes no sense or the address can't be listened on.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    config.check(config.listen)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listen on {}", config.listen))?;
    let bootstrap = Bootstrap {
        name: "gateway",
        connects_to: "nats",
        // What is cut off at the end of the grace says so first.
        grace: config.shutdown_grace + Duration::from_secs(1),
        shutdown,
    };
    let (link, nats) = (Link::default(), config.nats.clone());
    let connected = link.clone();
    let page = |health, shutdown| serve(config, link, health, listener, shutdown);
    let connect = async move { Bus::connect(&nats, "gateway").await };
    let work = async move |bus, _: Health, shutdown: CancellationToken| {
        connected.set(bus);
        shutdown.cancelled().await;
        Ok(())
    };
    bootstrap.run(page, connect, work).await
}

/// Runs the gateway on a connection and a listener that are there already, beside other services of
/// the same process.
///
/// # Errors
/// When the configuration makes no sense.
pub async fn run_with(
    config: Config,
    bus: Bus,
    health: Health,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let link = Link::default();
    link.set(bus);
    serve(config, link, health, listener, shutdown).await
}

async fn serve(
    config: Config,
    link: Link,
    health: Health,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr().context("the listener's address")?;
    config.check(address)?;
    let grace = config.shutdown_grace;
    say_when_ready(&health, link.clone(), shutdown.clone());
    let gateway = Arc::new(Gateway::new(config, link, shutdown.clone()));
    let service = router::router(Arc::clone(&gateway), &health)
        .into_make_service_with_connect_info::<SocketAddr>();
    // Without it a small frame waits for the acknowledgement of the one before.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    info!(%address, "listening");
    let served =
        axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let ended = async {
        served.await.context("serve requests")?;
        // Axum does not wait for WebSockets.
        gateway.tasks.close();
        gateway.tasks.wait().await;
        anyhow::Ok(())
    };
    within(ended, &shutdown, grace).await
}

fn say_when_ready(health: &Health, link: Link, shutdown: CancellationToken) {
    health.require("nats", move || link.check());
    health.require("gateway", move || {
        if shutdown.is_cancelled() {
            Err("shutting down".to_owned())
        } else {
            Ok(())
        }
    });
}

/// Waits until every request and every WebSocket has ended, but not longer after shutdown than `grace`.
async fn within(
    ended: impl Future<Output = anyhow::Result<()>>,
    shutdown: &CancellationToken,
    grace: Duration,
) -> anyhow::Result<()> {
    let too_long = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = ended => result,
        () = too_long => {
            warn!("requests or sockets were still open at the end of the grace period");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_that_is_held_has_one_grace() {
        let shutdown = CancellationToken::new();
        let grace = Duration::from_secs(20);
        let held = async {
            // A request that takes nearly all of the grace, then a socket that never ends.
            tokio::time::sleep(Duration::from_secs(19)).await;
            std::future::pending().await
        };
        shutdown.cancel();
        let begun = tokio::time::Instant::now();
        within(held, &shutdown, grace).await.unwrap();
        assert_eq!(begun.elapsed(), grace);
    }
}
