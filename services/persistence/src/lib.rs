//! The archive: every world's history in a database, and the answers to queries about it.
//!
//! It owns the database. It only reads the log, and decides nothing: whatever is here can be made
//! again from there. It knows no rules and no HTTP.
//!
//! Start with `archive` (the log into the tables), then `query` (the tables into answers), then
//! `store` (the two databases).

mod archive;
mod condition;
mod config;
mod metrics;
mod query;
mod shared;
mod store;

use std::sync::Arc;

use bus::Bus;
pub use config::Config;
use service_kit::{Bootstrap, CancellationToken, Health, Tasks};

use crate::archive::Turn;
use crate::shared::Shared;

/// Runs the service until `shutdown`.
///
/// # Errors
/// Whatever stopped it before.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let bootstrap = Bootstrap {
        name: "persistence",
        connects_to: "nats",
        grace: config.shutdown_grace,
        shutdown,
    };
    let (listen, nats) = (config.listen, config.nats.clone());
    let page = |health: Health, shutdown| health.serve(listen, shutdown);
    let connect = async move { Bus::connect(&nats, "persistence").await };
    let work = |bus, health, shutdown| run_with(config, bus, health, shutdown);
    bootstrap.run(page, connect, work).await
}

/// Runs the service on a connection and a health page that the caller serves, until `shutdown`.
/// While its database is away it answers that it can't answer, and waits.
///
/// # Errors
/// Whatever stopped it before; among others, an address of a database that makes no sense, or a database
/// of another version.
pub async fn run_with(
    config: Config,
    bus: Bus,
    health: Health,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let grace = config.shutdown_grace;
    let shared = Arc::new(Shared::new(config, bus)?);
    let mut tasks = Tasks::new(shutdown.clone());
    let seen = shared.clone();
    health.require("database", move || seen.database.now());
    let seen = shared.clone();
    health.require("log", move || seen.log.now());
    let connected = shared.bus.clone();
    health.require("nats", move || connected.check());

    let membership = shared.bus.membership("persistence");
    let turn = Turn {
        id: membership.id().clone(),
        members: membership.members(),
    };
    let until = shutdown.clone().cancelled_owned();
    tasks.spawn("maintain the membership", async move {
        membership.maintain(until).await;
        anyhow::Ok(())
    });
    query::serve_all(&shared, &mut tasks).await?;
    tasks.spawn("archive", async move {
        archive::run(&shared, turn, shutdown).await
    });
    tasks.run(grace).await
}

/// Empties the tables and fills them from the log; returns once they hold what the log held at the
/// start. Replicas that run meanwhile help rather than disturb, but answer from what is there.
///
/// # Errors
/// When NATS or the database can't be used, or `shutdown` came first. Then it is to be run again.
pub async fn rebuild(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let bus = tokio::select! {
        bus = Bus::connect(&config.nats, "persistence rebuild") => bus?,
        () = shutdown.cancelled() => anyhow::bail!("stopped before NATS was there"),
    };
    let shared = Shared::new(config, bus)?;
    archive::rebuild(&shared, &shutdown).await
}
