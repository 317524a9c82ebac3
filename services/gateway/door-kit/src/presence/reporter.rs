//! Reports connections to worlds, and keeps this gateway alive as their owner.

use std::time::Duration;

use bus::{Bus, CommandError, Membership, RemovedWorlds};
use contract::subject::GATEWAY_GROUP;
use contract::{Command, CommandRequest, EntityId, GatewayId, WorldId};
use futures::StreamExt as _;
use serde_json::{Map, Value};
use service_kit::ErrorChain;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::connected_entities::ConnectedEntities;
use super::report::Report;
use crate::broker::BrokerConnection;

/// What changes within this time is one report.
const COLLECT: Duration = Duration::from_millis(50);
/// Pause before what failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Worlds to which connections are reported at once.
const WORLDS_AT_ONCE: usize = 16;
/// How long a world has to reply; it may have to be activated.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);

/// Reports the connections of `entities` as they change, and `report` about this gateway. When `closed` is cancelled, all connections have
/// ended: it returns after the last report.
pub(crate) async fn report_until(
    entities: &ConnectedEntities,
    connection: &BrokerConnection,
    report: impl Fn() -> (Vec<String>, Map<String, Value>) + Send + Sync + 'static,
    closed: CancellationToken,
) {
    let Some(bus) = closed.run_until_cancelled(connection.wait()).await else {
        return;
    };
    let membership = bus.membership(GATEWAY_GROUP).with_report(report);
    let Some(gateway) = gateway_id(&membership) else {
        return;
    };
    let reported = CancellationToken::new();
    let maintain = membership.maintain(reported.clone().cancelled_owned());
    let reporter = Reporter {
        entities,
        bus,
        gateway,
    };
    let report = async {
        reporter.run(closed).await;
        reported.cancel();
    };
    tokio::join!(maintain, report);
}

/// The id of the gateway is that of the member.
fn gateway_id(membership: &Membership) -> Option<GatewayId> {
    membership.id().to_string().parse().ok()
}

struct Reporter<'a> {
    entities: &'a ConnectedEntities,
    bus: Bus,
    gateway: GatewayId,
}

impl Reporter<'_> {
    async fn run(&self, closed: CancellationToken) {
        let mut removed = None;
        let mut failed: Vec<WorldId> = Vec::new();
        let mut retry_at = Instant::now();
        loop {
            tokio::select! {
                () = closed.cancelled() => {
                    self.report_changed().await;
                    return;
                }
                watched = self.watch(&mut removed) => match watched {
                    // Another has ended the connections of this gateway, which it took for gone; or it is
                    // the gateway's own removal, and there is nothing to report.
                    Ok(world) => self.entities.forget_reported(&world),
                    Err(error) => {
                        debug!(error = %ErrorChain(&error), "removed worlds can't be watched");
                        removed = None;
                        sleep(RETRY_PAUSE).await;
                        self.entities.forget_all_reported();
                    }
                },
                () = sleep_until(retry_at), if !failed.is_empty() => {
                    for world in failed.drain(..) {
                        self.entities.mark_unreported(&world);
                    }
                }
                () = self.entities.changed() => {
                    sleep(COLLECT).await;
                    failed.extend(self.report_changed().await);
                    retry_at = Instant::now() + RETRY_PAUSE;
                }
            }
        }
    }

    /// The next world that is removed for this gateway.
    async fn watch(&self, removed: &mut Option<RemovedWorlds>) -> Result<WorldId, bus::Error> {
        let removed = match removed {
            Some(removed) => removed,
            None => {
                let registry = self.bus.connection_registry();
                removed.insert(registry.watch_removed(&self.gateway).await?)
            }
        };
        removed.next().await
    }

    /// Reports to all worlds for which something has changed, and returns those that did not receive it.
    async fn report_changed(&self) -> Vec<WorldId> {
        let worlds = self.entities.take_changed().into_iter();
        let reports = worlds.map(|world| async move {
            let is_reported = self.report(&world).await;
            (!is_reported).then_some(world)
        });
        let failed = futures::stream::iter(reports).buffer_unordered(WORLDS_AT_ONCE);
        failed
            .filter_map(|world| async move { world })
            .collect()
            .await
    }

    /// Reports what has changed to a world. Whether the world has received it.
    async fn report(&self, world: &WorldId) -> bool {
        let report = self.entities.report(world);
        if report.is_empty() {
            return true;
        }
        if let Err(error) = self.deliver(world, &report).await {
            warn!(world.id = %world, error = %error, "connections not reported yet");
            return false;
        }
        if !self.entities.mark_reported(world, &report) {
            let registry = self.bus.connection_registry();
            if let Err(error) = registry.remove(&self.gateway, world).await {
                debug!(world.id = %world, error = %ErrorChain(&error), "world not removed");
            }
        }
        true
    }

    async fn deliver(&self, world: &WorldId, report: &Report) -> Result<(), String> {
        // First: should this gateway die now, somebody has to know where it had connections.
        if !report.connected.is_empty() {
            let added = self.bus.connection_registry().add(&self.gateway, world);
            added
                .await
                .map_err(|error| ErrorChain(&error).to_string())?;
        }
        match self.send(world, report.clone()).await {
            // A world that rejects it does not exist: it has nobody whose presence could matter.
            Ok(()) | Err(CommandError::Rejected(_)) => Ok(()),
            Err(error) => Err(ErrorChain(&error).to_string()),
        }
    }

    async fn send(&self, world: &WorldId, report: Report) -> Result<(), CommandError> {
        let request = CommandRequest {
            id: self.bus.new_command_id(),
            sender: EntityId::world(),
            command: Command::ReportConnections {
                gateway: self.gateway.clone(),
                connected: report.connected,
                disconnected: report.disconnected,
            },
            trace: None,
            run: None,
            principal: None,
        };
        let sent = self.bus.worlds().command(world, request, COMMAND_TIMEOUT);
        sent.await.map(drop)
    }
}
