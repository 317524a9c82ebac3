//! The world service: the only writer of a world's log.
//!
//! It owns how a command becomes a commit. What a world does is in the crate `rules`. It knows no
//! HTTP, no database and no language model.
//!
//! Start with `actor` (one task for each active world), then `partitions` (which worlds are served
//! here) and `dispatcher` (what the log asks others to do).

mod actor;
mod assignment;
mod carry;
mod config;
mod dispatcher;
mod loader;
mod metrics;
mod partitions;
mod snapshot;
mod wakes;

use std::sync::Arc;

use bus::Bus;
pub use config::Config;
use service_kit::{Bootstrap, CancellationToken, Health, Tasks};
use tokio::sync::Semaphore;

use crate::carry::Binding;
use crate::metrics::Metrics;

/// What every part of the service uses.
struct Shared {
    bus: Bus,
    config: Config,
    metrics: Metrics,
    /// Reads of past states that may run at once: each folds a whole log.
    past_reads: Semaphore,
    /// Whether commits are heard of, to be dispatched.
    commits: Binding,
    /// Whether wakes are.
    wakes: Binding,
}

/// Runs the service until `shutdown`.
///
/// # Errors
/// Whatever stopped it before.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let bootstrap = Bootstrap {
        name: "world",
        connects_to: "nats",
        grace: config.shutdown_grace,
        shutdown,
    };
    let (listen, nats) = (config.listen, config.nats.clone());
    let page = |health: Health, shutdown| health.serve(listen, shutdown);
    let connect = async move { Bus::connect(&nats, "world").await };
    let work = |bus, health, shutdown| run_with(config, bus, health, shutdown);
    bootstrap.run(page, connect, work).await
}

/// Runs the service on a connection and a health page that the caller serves, until `shutdown`.
///
/// # Errors
/// Whatever stopped it before.
pub async fn run_with(
    config: Config,
    bus: Bus,
    health: Health,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut tasks = Tasks::new(shutdown.clone());
    let connected = bus.clone();
    health.require("nats", move || connected.check());
    let membership = bus.membership("world");
    let members = membership.members();
    let heard = members.clone();
    health.require("world", move || {
        if heard.borrow().is_empty() {
            Err("not a member yet".to_owned())
        } else {
            Ok(())
        }
    });
    let id = membership.id().clone();
    let grace = config.shutdown_grace;
    let shared = Arc::new(Shared {
        bus,
        metrics: Metrics::new(),
        past_reads: Semaphore::new(config.past_reads_max),
        commits: Binding::default(),
        wakes: Binding::default(),
        config,
    });
    let bound = shared.commits.clone();
    health.require("commits", move || bound.check());
    let bound = shared.wakes.clone();
    health.require("wakes", move || bound.check());
    let until = shutdown.clone().cancelled_owned();
    tasks.spawn("maintain the membership", async move {
        membership.maintain(until).await;
        anyhow::Ok(())
    });
    let serve = partitions::serve(shared.clone(), id, members, shutdown.clone());
    tasks.spawn("serve partitions", serve);
    tasks.spawn(
        "dispatch",
        dispatcher::run(shared.clone(), shutdown.clone()),
    );
    tasks.spawn("wake worlds", wakes::run(shared, shutdown));
    tasks.run(grace).await
}
