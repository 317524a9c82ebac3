//! The archive: the history of every world in a database, and the replies to queries about it.
//!
//! It owns the database. It only reads the log and makes no decisions: the database can be rebuilt
//! from the log. It knows no rules and no HTTP.
//!
//! Start with `archive` (from the log to the tables), then `query` (from the tables to replies), then
//! `store` (the two databases).

mod archive;
mod archive_state;
mod config;
mod dependency;
mod interaction_target;
mod metrics;
mod query;
mod store;

use std::sync::Arc;

use bus::Bus;
pub use config::Config;
use contract::WorldId;
use service_kit::{Bootstrap, CancellationToken, Health, ServiceFuture, Tasks};

use crate::archive::WriterLease;
use crate::archive_state::ArchiveState;

/// Runs the service until `shutdown`.
///
/// # Errors
/// The error that stopped it earlier.
pub fn run(config: Config, shutdown: CancellationToken) -> ServiceFuture {
    Box::pin(bootstrap(config, shutdown))
}

async fn bootstrap(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let bootstrap = Bootstrap {
        name: "persistence",
        connects_to: "nats",
        grace: config.shutdown_grace,
        shutdown,
    };
    let (listen, nats) = (config.listen, config.nats.clone());
    let page = |health: Health, shutdown| health.serve(listen, shutdown);
    let connect = async move { Bus::connect(&nats, "persistence").await };
    let work = |bus, health, shutdown| serve(config, bus, health, shutdown);
    bootstrap.run(page, connect, work).await
}

/// Runs the service on a connection and a health page that the caller serves, until `shutdown`.
/// While its database is unavailable, it rejects queries and retries.
///
/// # Errors
/// The error that stopped it earlier, such as an invalid database URL or a database of another
/// version.
pub fn run_with(
    config: Config,
    bus: Bus,
    health: Health,
    shutdown: CancellationToken,
) -> ServiceFuture {
    Box::pin(serve(config, bus, health, shutdown))
}

async fn serve(
    config: Config,
    bus: Bus,
    health: Health,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let grace = config.shutdown_grace;
    let state = Arc::new(ArchiveState::new(config, bus)?);
    let mut tasks = Tasks::new(shutdown.clone());
    let checked = state.clone();
    health.require("database", move || checked.database.status());
    let checked = state.clone();
    health.require("archive", move || checked.archive.status());
    let checked = state.clone();
    health.require("storage", move || checked.storage.status());
    let checked = state.clone();
    health.require("log", move || checked.log.status());
    let connection = state.bus.clone();
    health.require("nats", move || connection.check());

    let (reported, checks) = (state.clone(), health);
    let membership = state.bus.membership("persistence");
    let membership = membership.with_report(move || {
        let seq = reported.checkpoint().position.seq;
        let status = [("seq".to_owned(), seq.into())];
        (checks.problems(), status.into_iter().collect())
    });
    let lease = WriterLease::new(membership.id().clone(), membership.members());
    let until = shutdown.clone().cancelled_owned();
    tasks.spawn("maintain the membership", async move {
        membership.maintain(until).await;
        anyhow::Ok(())
    });
    query::serve_all(&state, &mut tasks).await?;
    let store = state.store.clone();
    tasks.spawn("archive", async move {
        archive::run(&state, lease, shutdown).await
    });
    let ended = tasks.run(grace).await;
    store.close().await;
    ended
}

/// Deletes the rows of these worlds, or of all when there are none, and fills the tables from the log again;
/// returns once they hold what the log held at the start. Running replicas share the work, and refuse
/// queries about what is incomplete.
///
/// # Errors
/// If NATS or the database is unavailable, or `shutdown` came first. What was begun is completed by a
/// running replica, or by the next run.
pub fn rebuild(config: Config, worlds: Vec<WorldId>, shutdown: CancellationToken) -> ServiceFuture {
    Box::pin(rebuild_until(config, worlds, shutdown))
}

async fn rebuild_until(
    config: Config,
    worlds: Vec<WorldId>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let bus = tokio::select! {
        bus = Bus::connect(&config.nats, "persistence rebuild") => bus?,
        () = shutdown.cancelled() => anyhow::bail!("stopped before NATS was available"),
    };
    let state = ArchiveState::new(config, bus)?;
    archive::rebuild(&state, &worlds, &shutdown).await
}
