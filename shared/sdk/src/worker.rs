//! A worker: which actions it offers, and how long it lives.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use contract::ActionName;
use service_kit::{CancellationToken, Health, Tasks};

use crate::metrics::Metrics;
use crate::place::Placement;
use crate::runner::{Bindings, Runner, running};
use crate::{Action, Builder, Config};

/// After the grace period, giving back what still runs may take this long.
const GIVE_BACK_GRACE: Duration = Duration::from_secs(5);

/// A worker and the actions that it offers.
pub struct Worker {
    config: Config,
    actions: Vec<Arc<dyn Action>>,
    placements: Vec<Placement>,
}

impl Worker {
    /// A worker that offers nothing yet.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            actions: Vec::new(),
            placements: Vec::new(),
        }
    }

    /// A worker in the making: [`Builder`] adds objects, brains and actions to it.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Offers one more action, instead of another of the same name.
    #[must_use]
    pub fn offer(mut self, action: impl Action) -> Self {
        self.actions.retain(|other| other.name() != action.name());
        self.actions.push(Arc::new(action));
        self
    }

    pub(crate) fn offer_all(mut self, actions: Vec<Arc<dyn Action>>) -> Self {
        self.actions.extend(actions);
        self
    }

    pub(crate) fn place_all(mut self, placements: Vec<Placement>) -> Self {
        self.placements.extend(placements);
        self
    }

    /// The names of what it offers.
    pub fn actions(&self) -> impl Iterator<Item = &ActionName> {
        self.actions.iter().map(|action| action.name())
    }

    /// Connects, serves its own health, and works until shutdown.
    ///
    /// # Errors
    /// When the configuration makes no sense, or the health port is taken.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let config = self.config.clone();
        let work = |bus, health, token| self.run_with(bus, health, token);
        connected(config, work, shutdown).await
    }

    /// Works until shutdown, on a connection that is there already.
    ///
    /// # Errors
    /// When a task of it ends before shutdown, which is a bug.
    pub async fn run_with(
        self,
        bus: Bus,
        health: Health,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let connected = bus.clone();
        health.require("nats", move || connected.connection());
        let bindings = Bindings::new(self.actions());
        let bound = bindings.clone();
        health.require("actions", move || bound.problem().map_or(Ok(()), Err));
        for placement in &self.placements {
            tokio::select! {
                made = placement.make(&bus) => made?,
                () = shutdown.cancelled() => return Ok(()),
            }
        }
        let grace = self.config.shutdown_grace;
        let mut tasks = Tasks::new(shutdown);
        let runner = Arc::new(Runner::new(self.config, bus, bindings, Metrics::new()));
        for action in self.actions {
            let offer = Arc::clone(&runner).offer(action, tasks.shutdown());
            tasks.spawn("run an action", offer);
        }
        // Until the end: what runs during the grace period can still be called off.
        tokio::select! {
            ended = tasks.run(grace + GIVE_BACK_GRACE) => ended,
            () = running::hear_cancellations(runner) => Ok(()),
        }
    }
}

/// Connects, serves the health of the process, and works until shutdown: for workers that do more than
/// run actions.
///
/// # Errors
/// When NATS refuses the connection, or the health port is taken; what `work` fails with.
pub async fn connected<F>(
    config: Config,
    work: impl FnOnce(Bus, Health, CancellationToken) -> F + Send + 'static,
    shutdown: CancellationToken,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let health = Health::default();
    health.require("nats", || Err("connecting".to_owned()));
    let mut tasks = Tasks::new(shutdown);
    let serve = health.clone().serve(config.listen, tasks.shutdown());
    tasks.spawn("serve health", serve);
    let grace = config.shutdown_grace + GIVE_BACK_GRACE * 2;
    let token = tasks.shutdown();
    tasks.spawn("work", async move {
        let connect = Bus::connect(&config.nats, "agent-worker");
        let bus = tokio::select! {
            bus = connect => bus?,
            () = token.cancelled() => return anyhow::Ok(()),
        };
        work(bus, health, token).await
    });
    tasks.run(grace).await
}
