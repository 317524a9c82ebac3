//! Gateways that are gone: what has connections through them in worlds is ended.
//!
//! A gateway registers a world before it reports connections to it, and removes it when it has none there any
//! more. What is registered for a gateway that sends no heartbeats is ended here, by the first replica of
//! the service: the worlds themselves are not watched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::{CommandError, MemberId};
use contract::{Command, CommandId, CommandRequest, EntityId, GatewayId, WorldId};
use futures::StreamExt;
use service_kit::{CancellationToken, ErrorChain};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::resources::Resources;

/// How often it is looked whether a gateway is gone: at what is in memory.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// A gateway that has not been alive for this long is gone. Beside the lease of a member, it bridges the
/// time in which a connection to NATS is made again.
const GONE_AFTER: Duration = Duration::from_secs(5);
/// A process that has not looked for this long was paused.
const PAUSED_AFTER: Duration = Duration::from_secs(3);
/// How often the registered worlds are listed, beside: a gateway may have died while no replica ran.
const LIST_EVERY: Duration = Duration::from_secs(60);
/// Worlds whose connections are ended at once.
const WORLDS_AT_ONCE: usize = 16;
/// How long a world has to reply; it may have to be activated.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Commands to one world: each ends the connections of up to 1,000 entities.
const COMMANDS_MAX: usize = 100;

/// Who is alive.
pub(crate) struct Alive {
    /// The replicas of this service.
    pub(crate) replicas: watch::Receiver<BTreeSet<MemberId>>,
    /// The gateways.
    pub(crate) gateways: watch::Receiver<BTreeSet<MemberId>>,
}

/// Ends the connections of gateways that are gone, while `this` is the first of the replicas, until
/// `shutdown`.
pub(crate) async fn run(
    resources: Arc<Resources>,
    this: MemberId,
    mut alive: Alive,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut gateways = Gateways::default();
    let mut check = interval(CHECK_EVERY);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            _ = check.tick() => {}
            changed = alive.gateways.changed() => if changed.is_err() { return Ok(()) },
        }
        // A replica whose own heartbeats do not arrive is no judge of others.
        if alive.replicas.borrow().first() != Some(&this) {
            gateways = Gateways::default();
            continue;
        }
        let now = Instant::now();
        gateways.observe(&alive.gateways.borrow_and_update(), now);
        if !gateways.must_list(now) {
            continue;
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            is_done = end_gone(Arc::clone(&resources), gateways.alive()) => gateways.listed(is_done),
        }
    }
}

/// The gateways that were alive lately.
#[derive(Default)]
struct Gateways {
    observed_at: Option<Instant>,
    /// Since when they are observed without a gap.
    since: Option<Instant>,
    seen_at: BTreeMap<MemberId, Instant>,
    is_one_gone: bool,
    list_at: Option<Instant>,
}

impl Gateways {
    fn observe(&mut self, alive: &BTreeSet<MemberId>, now: Instant) {
        let observed_at = self.observed_at.replace(now);
        if observed_at.is_some_and(|at| now.duration_since(at) > PAUSED_AFTER) {
            // This process did not run: heartbeats that it has not read are not missing.
            *self = Self::default();
            self.observed_at = Some(now);
        }
        self.since.get_or_insert(now);
        for gateway in alive {
            self.seen_at.insert(gateway.clone(), now);
        }
        let known = self.seen_at.len();
        self.seen_at
            .retain(|_, seen_at| now.duration_since(*seen_at) < GONE_AFTER);
        self.is_one_gone |= self.seen_at.len() < known;
    }

    /// Whether the registered worlds are to be listed: a gateway is gone, or the time has come. Not before
    /// every gateway that is alive had the time to be seen.
    fn must_list(&self, now: Instant) -> bool {
        let since = self.since.unwrap_or(now);
        now.duration_since(since) >= GONE_AFTER
            && (self.is_one_gone || self.list_at.is_none_or(|list_at| list_at <= now))
    }

    fn alive(&self) -> BTreeSet<String> {
        self.seen_at.keys().map(ToString::to_string).collect()
    }

    /// The worlds were listed. If not all connections could be ended, it is tried again.
    fn listed(&mut self, is_done: bool) {
        self.is_one_gone = !is_done;
        self.list_at = Some(Instant::now() + LIST_EVERY);
    }
}

/// Ends the connections of all registered gateways but those that are alive. Whether all are ended.
async fn end_gone(resources: Arc<Resources>, alive: BTreeSet<String>) -> bool {
    let worlds = match resources.bus.connection_registry().worlds().await {
        Ok(worlds) => worlds,
        Err(error) => {
            warn!(error = %ErrorChain(&error), "worlds with connections not listed");
            return false;
        }
    };
    let gone = worlds
        .into_iter()
        .filter(|(gateway, _)| !alive.contains(gateway.as_str()));
    let mut is_done = true;
    for (gateway, worlds) in gone {
        info!(gateway = %gateway, worlds = worlds.len(), "gateway gone, its connections are ended");
        let ends = worlds
            .into_iter()
            .map(|world| end(Arc::clone(&resources), gateway.clone(), world));
        let mut ends = futures::stream::iter(ends).buffer_unordered(WORLDS_AT_ONCE);
        while let Some(is_ended) = ends.next().await {
            is_done &= is_ended;
        }
    }
    is_done
}

/// Ends the connections that a gateway has in a world, and removes the world. Whether that is done. A second
/// time changes nothing.
async fn end(resources: Arc<Resources>, gateway: GatewayId, world: WorldId) -> bool {
    let result = match end_connections(&resources, &gateway, &world).await {
        Ok(()) => {
            let registry = resources.bus.connection_registry();
            let removed = registry.remove(&gateway, &world).await;
            removed.map_err(|error| ErrorChain(&error).to_string())
        }
        Err(error) => Err(ErrorChain(&error).to_string()),
    };
    if let Err(error) = &result {
        warn!(world.id = %world, gateway = %gateway, error = %error, "connections not ended yet");
    }
    result.is_ok()
}

async fn end_connections(
    resources: &Resources,
    gateway: &GatewayId,
    world: &WorldId,
) -> Result<(), CommandError> {
    for _ in 0..COMMANDS_MAX {
        let request = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command: Command::EndConnections {
                gateway: gateway.clone(),
            },
            trace: None,
            run: None,
            principal: None,
        };
        let worlds = resources.bus.worlds();
        match worlds.command(world, request, COMMAND_TIMEOUT).await {
            Ok(accepted) if accepted.events == 0 => return Ok(()),
            Ok(_) => {}
            // The world is not there any more.
            Err(CommandError::Rejected(_)) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> BTreeSet<MemberId> {
        names.iter().map(|name| MemberId::from(*name)).collect()
    }

    /// Observes the same gateways from one time to another.
    fn observe_until(gateways: &mut Gateways, alive: &[&str], (from, to): (Instant, Instant)) {
        let mut now = from;
        while now < to {
            now += CHECK_EVERY;
            gateways.observe(&ids(alive), now);
        }
    }

    #[test]
    fn a_gateway_is_gone_when_it_was_not_alive_for_a_while() {
        let start = Instant::now();
        let mut gateways = Gateways::default();
        gateways.observe(&ids(&["a", "b"]), start);
        assert!(!gateways.must_list(start));
        let later = start + GONE_AFTER;
        observe_until(&mut gateways, &["a"], (start, later));
        assert!(gateways.must_list(later));
        assert_eq!(gateways.alive(), BTreeSet::from(["a".to_owned()]));
        gateways.listed(true);
        assert!(!gateways.must_list(later));
        observe_until(&mut gateways, &["a"], (later, later + LIST_EVERY * 2));
        assert!(gateways.must_list(later + LIST_EVERY * 2));
    }

    #[test]
    fn a_process_that_was_paused_waits_for_heartbeats_again() {
        let start = Instant::now();
        let mut gateways = Gateways::default();
        gateways.observe(&ids(&["a"]), start);
        let later = start + GONE_AFTER * 4;
        gateways.observe(&ids(&[]), later);
        assert!(!gateways.must_list(later));
        gateways.observe(&ids(&["a"]), later + CHECK_EVERY);
        assert!(!gateways.must_list(later + CHECK_EVERY));
    }

    #[test]
    fn what_could_not_be_ended_is_tried_again() {
        let start = Instant::now();
        let mut gateways = Gateways::default();
        gateways.observe(&ids(&[]), start);
        let later = start + GONE_AFTER;
        gateways.listed(false);
        assert!(gateways.must_list(later));
    }

    #[test]
    fn nothing_is_listed_before_gateways_had_the_time_to_be_seen() {
        let start = Instant::now();
        let mut gateways = Gateways::default();
        gateways.observe(&ids(&[]), start);
        assert!(!gateways.must_list(start + GONE_AFTER / 2));
    }
}
