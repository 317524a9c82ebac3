//! A worker: which actions it offers, and how long it lives.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use sdk::{Action, action_name};
use service_kit::{CancellationToken, Health, Tasks};

use crate::Config;
use crate::action::act::Act;
use crate::action::echo::Echo;
use crate::action::respond::Respond;
use crate::action::title::Title;
use crate::action::tool::CallTool;
use crate::brain::llm::Models;
use crate::mcp::{Servers, answer_requests};
use crate::metrics::Metrics;
use crate::objects;

/// After the grace period, giving back what still runs may take this long.
const GIVE_BACK_GRACE: Duration = Duration::from_secs(5);

/// Offers the built-in actions until shutdown, and serves its own health.
///
/// # Errors
/// When the configuration makes no sense, or the health port is taken.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    Worker::new(config)?.run(shutdown).await
}

/// Offers the built-in actions until shutdown, on a connection that is there already. What must
/// hold for it to be ready is added to `health`, which the caller serves.
///
/// # Errors
/// When the configuration makes no sense.
pub async fn run_with(
    config: Config,
    bus: Bus,
    health: Health,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    Worker::new(config)?.run_with(bus, health, shutdown).await
}

/// A worker and the actions that it offers.
pub struct Worker {
    config: Config,
    servers: Arc<Servers>,
    worker: sdk::Worker,
}

impl Worker {
    /// A worker that offers the built-in actions: `respond`, `tool`, `act`, `summarise`, `title` and
    /// `echo`, and what the built-in objects can do.
    ///
    /// # Errors
    /// When the configuration of language models, or of servers of tools, makes no sense.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let metrics = Metrics::new();
        let models = Arc::new(Models::new(config.llm.clone(), metrics.clone())?);
        let servers = Arc::new(Servers::new(config.mcp.clone(), metrics.clone())?);
        let respond = Respond {
            name: action_name("respond")?,
            models: models.clone(),
            servers: servers.clone(),
        };
        let tool = CallTool {
            name: action_name("tool")?,
            servers: servers.clone(),
            metrics,
        };
        let thinks = |name: &str| -> anyhow::Result<Act> {
            Ok(Act {
                name: action_name(name)?,
                models: models.clone(),
            })
        };
        let (act, summarise) = (thinks("act")?, thinks("summarise")?);
        let title = Title {
            name: action_name("title")?,
            models: models.clone(),
        };
        let echo = Echo {
            name: action_name("echo")?,
        };
        let builder = sdk::Worker::builder().action(respond).action(tool);
        let builder = builder.action(act).action(summarise);
        let builder = builder.action(title).action(echo);
        let worker = objects::offer(builder).build(config.worker())?;
        Ok(Self {
            config,
            servers,
            worker,
        })
    }

    /// Offers one more action, instead of another of the same name.
    #[must_use]
    pub fn offer(self, action: impl Action) -> Self {
        Self {
            worker: self.worker.offer(action),
            ..self
        }
    }

    /// Connects, serves its own health, and works until shutdown.
    ///
    /// # Errors
    /// When the configuration makes no sense, or the health port is taken.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let config = self.config.worker();
        let work = |bus, health, token| self.run_with(bus, health, token);
        sdk::connected(config, work, shutdown).await
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
        let servers = self.servers;
        let grace = self.config.shutdown_grace + GIVE_BACK_GRACE;
        let mut tasks = Tasks::new(shutdown);
        let answer = answer_requests(servers.clone(), bus.clone(), tasks.shutdown());
        tasks.spawn("answer about servers of tools", answer);
        let work = self.worker.run_with(bus, health, tasks.shutdown());
        tasks.spawn("work", work);
        let ended = tokio::select! {
            ended = tasks.run(grace) => ended,
            () = servers.close_idle() => Ok(()),
        };
        servers.close_all().await;
        ended
    }
}
