//! The world service: the only writer of a world's log.
//!
//! It owns how a command becomes a commit. What a world does is in the crate `rules`. It does not know
//! HTTP, databases or language models.
//!
//! Start with `actor` (one task for each active world), then `partitions` (which worlds are served
//! here), `dispatcher` (the work that commits request from others), `schedules` (what is due in a
//! world that is not active) and `gateways` (what becomes of connections when a gateway is gone).

mod active_worlds;
mod actor;
mod config;
mod consumer_loop;
mod dispatcher;
mod gateways;
mod loader;
mod log_reserve;
mod log_storage;
mod metrics;
mod partitions;
mod readiness;
mod resources;
mod run_contexts;
mod schedules;
mod snapshot;

use std::sync::Arc;

use bus::Bus;
pub use config::Config;
use contract::subject::{GATEWAY_GROUP, WORLD_GROUP};
use service_kit::{Bootstrap, CancellationToken, Health, ServiceFuture, Tasks};
use tokio::sync::watch;

use crate::gateways::Alive;
use crate::readiness::Readiness;
use crate::resources::Resources;

/// Runs the service until `shutdown`.
///
/// # Errors
/// Whatever stopped it before.
pub fn run(config: Config, shutdown: CancellationToken) -> ServiceFuture {
    Box::pin(bootstrap(config, shutdown))
}

async fn bootstrap(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let bootstrap = Bootstrap {
        name: "world",
        connects_to: "nats",
        grace: config.shutdown_grace,
        shutdown,
    };
    let (listen, nats) = (config.listen, config.nats.clone());
    let serve_health = |health: Health, shutdown| health.serve(listen, shutdown);
    let connect = async move { Bus::connect(&nats, "world").await };
    let work = |bus, health, shutdown| serve(config, bus, health, shutdown);
    bootstrap.run(serve_health, connect, work).await
}

/// Runs the service on a connection and a health page that the caller serves, until `shutdown`.
///
/// # Errors
/// Whatever stopped it before.
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
    let mut tasks = Tasks::new(shutdown.clone());
    let grace = config.shutdown_grace;
    let (commits, wakes) = (Readiness::default(), Readiness::default());
    let checks = health.clone();
    let membership = bus
        .membership(WORLD_GROUP)
        .with_report(move || (checks.problems(), serde_json::Map::new()));
    let (id, members) = (membership.id().clone(), membership.members());

    let (connection, member, this) = (bus.clone(), members.clone(), id.clone());
    health.require("nats", move || connection.check());
    health.require("world", move || {
        let is_member = member.borrow().contains(&this);
        is_member
            .then_some(())
            .ok_or_else(|| "not a member yet".to_owned())
    });
    let readiness = commits.clone();
    health.require("commits", move || readiness.check());
    let readiness = wakes.clone();
    health.require("wakes", move || readiness.check());

    let registered = bus.custom_actions().clone();
    let (actions, registered_actions) = watch::channel(registered.load().await?.into());
    let gateways = bus.membership(GATEWAY_GROUP);
    let alive = Alive {
        replicas: members.clone(),
        gateways: gateways.members(),
    };
    let resources = Arc::new(Resources::new(config, bus, registered_actions));
    let storage = resources.storage.clone();
    health.require("log storage", move || storage.check());
    let until = shutdown.clone().cancelled_owned();
    tasks.spawn("maintain the membership", async move {
        membership.maintain(until).await;
        anyhow::Ok(())
    });
    let until = shutdown.clone().cancelled_owned();
    tasks.spawn("watch registered actions", async move {
        registered.watch(&actions, until).await;
        anyhow::Ok(())
    });
    let until = shutdown.clone().cancelled_owned();
    tasks.spawn("observe gateways", async move {
        gateways.observe(until).await;
        anyhow::Ok(())
    });
    let fill = log_reserve::run(resources.clone(), shutdown.clone());
    tasks.spawn("fill the reserve of storage", fill);
    let end = gateways::run(resources.clone(), id.clone(), alive, shutdown.clone());
    tasks.spawn("end connections of gateways that are gone", end);
    let serve = partitions::run(resources.clone(), id, members, shutdown.clone());
    tasks.spawn("serve partitions", serve);
    let dispatch = dispatcher::run(resources.clone(), commits, shutdown.clone());
    tasks.spawn("dispatch commits", dispatch);
    let fire = schedules::run(resources, wakes, shutdown);
    tasks.spawn("fire schedules", fire);
    tasks.run(grace).await
}
