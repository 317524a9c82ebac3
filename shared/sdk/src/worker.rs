//! A worker: its actions, and its life from connection to shutdown.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use contract::ActionName;
use contract::behaviour::DeclaredAction;
use contract::subject::WORKER_GROUP;
use serde_json::{Map, Value, json};
use service_kit::{Bootstrap, CancellationToken, Health, ServiceFuture, Tasks};

use crate::action::Action;
use crate::config::Config;
use crate::connection::Connection;
use crate::provision::ProvisionedObject;
use crate::registration::register_actions;
use crate::runner::{Bindings, Executor, RunConsumer, RunningRuns, watch_cancellations};
use crate::user_code::UserCode;

/// After the grace period, requeuing the runs in progress may take this long.
const REQUEUE_GRACE: Duration = Duration::from_secs(5);

/// A worker, which runs the actions that are registered with it.
pub struct Worker {
    /// What it calls itself.
    name: String,
    pub(crate) config: Config,
    pub(crate) actions: Vec<Arc<dyn Action>>,
    pub(crate) objects: Vec<ProvisionedObject>,
}

impl Worker {
    /// A worker without actions.
    pub fn new(config: Config) -> Self {
        Self {
            name: String::new(),
            config,
            actions: Vec::new(),
            objects: Vec::new(),
        }
    }

    /// Registers an action. It replaces another of the same name.
    #[must_use]
    pub fn with_action(mut self, action: impl Action) -> Self {
        self.actions.retain(|other| other.name() != action.name());
        self.actions.push(Arc::new(action));
        self
    }

    pub(crate) fn with_name(mut self, name: String) -> Self {
        self.name = name;
        self
    }

    pub(crate) fn with_actions(mut self, actions: Vec<Arc<dyn Action>>) -> Self {
        self.actions.extend(actions);
        self
    }

    pub(crate) fn with_objects(mut self, objects: Vec<ProvisionedObject>) -> Self {
        self.objects.extend(objects);
        self
    }

    /// The names of its actions.
    pub fn actions(&self) -> impl Iterator<Item = &ActionName> {
        self.actions.iter().map(|action| action.name())
    }

    /// Its custom actions, as it registers them.
    pub(crate) fn declarations(&self) -> Vec<DeclaredAction> {
        let declared = self
            .actions
            .iter()
            .filter_map(|action| action.declaration());
        let declared = declared.map(|action| DeclaredAction {
            action,
            by: self.name.clone(),
        });
        declared.collect()
    }

    /// Connects to NATS, serves health, and runs until shutdown.
    ///
    /// # Errors
    /// When the configuration is invalid, or the health port is in use.
    pub fn run(self, shutdown: CancellationToken) -> ServiceFuture {
        let config = self.config.clone();
        let work = |bus, health, token| self.work(bus, health, token);
        Box::pin(run_connected(config, work, shutdown))
    }

    /// Runs until shutdown on an existing connection. The caller serves `health`, to which the
    /// conditions for readiness are added.
    ///
    /// # Errors
    /// When an object can't be created, or a task ends before shutdown, which is a bug.
    pub fn run_with(self, bus: Bus, health: Health, shutdown: CancellationToken) -> ServiceFuture {
        Box::pin(self.work(bus, health, shutdown))
    }

    async fn work(
        self,
        bus: Bus,
        health: Health,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let connected = bus.clone();
        health.require("nats", move || connected.check());
        let bindings = Bindings::new(self.actions());
        let bound = bindings.clone();
        health.require("actions", move || bound.problem().map_or(Ok(()), Err));
        let connection = Connection::Bus(bus.clone());
        for object in &self.objects {
            tokio::select! {
                provisioned = object.provision(&connection) => provisioned?,
                () = shutdown.cancelled() => return Ok(()),
            }
        }
        let declarations = self.declarations();
        tokio::select! {
            () = register_actions(&bus, &declarations, &self.config.retry) => {}
            () = shutdown.cancelled() => return Ok(()),
        }
        let running = Arc::new(RunningRuns::default());
        let retry = self.config.retry.clone();
        let runs_max = self
            .config
            .slots_max
            .max(1)
            .saturating_mul(self.actions.len());
        let user_code = UserCode::on_threads(runs_max);
        let executor = Executor::new(connection, retry, Arc::clone(&running), user_code);
        let executor = Arc::new(executor);
        let mut tasks = Tasks::new(shutdown);
        let report = report(self.name, &self.actions, &running, health);
        let membership = bus.membership(WORKER_GROUP).with_report(report);
        let until = tasks.shutdown().cancelled_owned();
        tasks.spawn("announce the worker", async move {
            membership.announce(until).await;
            anyhow::Ok(())
        });
        for action in self.actions {
            let (executor, bindings) = (Arc::clone(&executor), bindings.clone());
            let consumer = RunConsumer::new(&self.config, action, executor, bus.clone(), bindings);
            tasks.spawn("consume runs", consumer.run(tasks.shutdown()));
        }
        // To the end: a run can be cancelled during the grace period too.
        tokio::select! {
            ended = tasks.run(self.config.shutdown_grace + REQUEUE_GRACE) => ended,
            () = watch_cancellations(&bus, &running) => Ok(()),
        }
    }
}

/// What a worker reports about itself: why it is not ready, what it is, and how much it does.
fn report(
    name: String,
    actions: &[Arc<dyn Action>],
    running: &Arc<RunningRuns>,
    health: Health,
) -> impl Fn() -> (Vec<String>, Map<String, Value>) + Send + Sync + 'static {
    let actions: Vec<String> = actions.iter().map(|it| it.name().to_string()).collect();
    let running = Arc::clone(running);
    move || {
        let status = [
            ("name", json!(name)),
            ("actions", json!(actions)),
            ("running", json!(running.count())),
        ];
        let status = status.map(|(name, value)| (name.to_owned(), value));
        (health.problems(), status.into_iter().collect())
    }
}

/// Connects to NATS, serves health, and runs `work` until shutdown: for workers that do more than
/// run actions.
///
/// # Errors
/// When NATS rejects the connection, the health port is in use, or `work` fails.
pub async fn run_connected<F>(
    config: Config,
    work: impl FnOnce(Bus, Health, CancellationToken) -> F + Send + 'static,
    shutdown: CancellationToken,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let bootstrap = Bootstrap {
        name: "work",
        connects_to: "nats",
        grace: config.shutdown_grace + REQUEUE_GRACE * 2,
        shutdown,
    };
    let page = |health: Health, shutdown| health.serve(config.listen, shutdown);
    let connect = async move { Bus::connect(&config.nats, "agent-worker").await };
    bootstrap.run(page, connect, work).await
}
