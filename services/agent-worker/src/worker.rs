//! The agent worker: its actions, and its life from connection to shutdown.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use contract::action;
use manyworlds_sdk::Action;
use service_kit::{CancellationToken, Health, ServiceFuture, Tasks};

use crate::action::act::Act;
use crate::action::echo::{ECHO, Echo};
use crate::action::evaluate::Evaluate;
use crate::action::learn::Learn;
use crate::action::process::Process;
use crate::action::respond::Respond;
use crate::action::title::Title;
use crate::action::tool::CallTool;
use crate::brain::ModelClient;
use crate::config::Config;
use crate::custom_actions;
use crate::mcp::{ConnectionPool, serve_requests};
use crate::metrics::Metrics;
use crate::objects;
use crate::processor::{Processors, RemoteProcessors};

/// After the grace period, requeuing the runs in progress may take this long.
const REQUEUE_GRACE: Duration = Duration::from_secs(5);

/// Connects to NATS, serves health, and runs the built-in actions until shutdown.
///
/// # Errors
/// When the configuration is invalid, or the health port is in use.
pub fn run(config: Config, shutdown: CancellationToken) -> ServiceFuture {
    Box::pin(async move { Worker::new(config)?.run(shutdown).await })
}

/// Runs the built-in actions until shutdown on an existing connection. The caller serves `health`, to
/// which the conditions for readiness are added.
///
/// # Errors
/// When the configuration is invalid.
pub fn run_with(
    config: Config,
    bus: Bus,
    health: Health,
    shutdown: CancellationToken,
) -> ServiceFuture {
    Box::pin(async move { Worker::new(config)?.run_with(bus, health, shutdown).await })
}

/// The names of the actions that this worker offers: those of [`contract::action`], `echo`, those of the built-in
/// objects, and the custom actions of the example worlds.
pub fn offered_actions() -> BTreeSet<String> {
    let registered = custom_actions::register(objects::register(manyworlds_sdk::Worker::builder()));
    let registered = registered.action_names().map(ToString::to_string);
    let own = [
        action::RESPOND,
        action::TOOL,
        action::ACT,
        action::SUMMARISE,
        action::TITLE,
        action::EVALUATE,
        action::PROCESS,
        action::LEARN,
        ECHO,
    ];
    registered.chain(own.map(str::to_owned)).collect()
}

/// A worker with the built-in actions.
pub struct Worker {
    config: Config,
    pool: Arc<ConnectionPool>,
    worker: manyworlds_sdk::Worker,
}

impl Worker {
    /// A worker with the actions of [`contract::action`], `echo`, the abilities of the built-in objects,
    /// and the custom actions of the example worlds.
    ///
    /// # Errors
    /// When the configuration of language models or MCP servers is invalid.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let metrics = Metrics::new();
        let models = Arc::new(ModelClient::new(config.llm.clone(), metrics.clone())?);
        let pool = Arc::new(ConnectionPool::new(config.mcp.clone(), metrics.clone())?);
        let remote = RemoteProcessors::new(&config.processors)?;
        let processors = Arc::new(Processors::new(models.clone(), remote));
        let builder = manyworlds_sdk::Worker::builder()
            .action(Respond {
                name: action::RESPOND.parse()?,
                models: models.clone(),
                pool: pool.clone(),
                metrics: metrics.clone(),
            })
            .action(CallTool {
                name: action::TOOL.parse()?,
                pool: pool.clone(),
                metrics,
            })
            .action(Act {
                name: action::ACT.parse()?,
                models: models.clone(),
            })
            .action(Act {
                name: action::SUMMARISE.parse()?,
                models: models.clone(),
            })
            .action(Title {
                name: action::TITLE.parse()?,
                models,
            })
            .action(Evaluate {
                name: action::EVALUATE.parse()?,
            })
            .action(Process {
                name: action::PROCESS.parse()?,
                processors: processors.clone(),
            })
            .action(Learn {
                name: action::LEARN.parse()?,
                processors,
            })
            .action(Echo {
                name: ECHO.parse()?,
            });
        let builder = custom_actions::register(objects::register(builder));
        let worker = builder.build(config.worker())?;
        Ok(Self {
            config,
            pool,
            worker,
        })
    }

    /// Registers an action. It replaces another of the same name.
    #[must_use]
    pub fn with_action(self, action: impl Action) -> Self {
        Self {
            worker: self.worker.with_action(action),
            ..self
        }
    }

    /// Connects to NATS, serves health, and runs until shutdown.
    ///
    /// # Errors
    /// When the configuration is invalid, or the health port is in use.
    pub fn run(self, shutdown: CancellationToken) -> ServiceFuture {
        let config = self.config.worker();
        let work = |bus, health, token| self.run_with(bus, health, token);
        Box::pin(manyworlds_sdk::run_connected(config, work, shutdown))
    }

    /// Runs until shutdown on an existing connection.
    ///
    /// # Errors
    /// When a task ends before shutdown, which is a bug.
    pub fn run_with(self, bus: Bus, health: Health, shutdown: CancellationToken) -> ServiceFuture {
        Box::pin(self.work(bus, health, shutdown))
    }

    async fn work(
        self,
        bus: Bus,
        health: Health,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let pool = self.pool;
        let grace = self.config.shutdown_grace + REQUEUE_GRACE;
        let mut tasks = Tasks::new(shutdown);
        let requests = serve_requests(pool.clone(), bus.clone(), tasks.shutdown());
        tasks.spawn("serve MCP requests", requests);
        let work = self.worker.run_with(bus, health, tasks.shutdown());
        tasks.spawn("work", work);
        let ended = tokio::select! {
            ended = tasks.run(grace) => ended,
            () = pool.close_idle() => Ok(()),
        };
        pool.close_all().await;
        ended
    }
}
