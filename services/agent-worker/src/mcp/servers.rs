//! The connections of a worker: each opened when it is needed, and closed when it is not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Resource;
use contract::WorldId;
use contract::tool::{McpServer, McpServerStatus, RESOURCE_TIMEOUT, ReadResource, ToolResult};
use futures::future::join_all;
use rmcp::model::JsonObject;
use tokio::time::{sleep, timeout};
use tracing::info;

use super::allow::{Allow, Grant, Route};
use super::connection::{Clients, Connection, Listed};
use super::entry::{Entry, Key, Using};
use super::error::Error;
use crate::config::Mcp as Config;
use crate::http;
use crate::metrics::Metrics;
use sdk::Call;

/// How often the idle ones are looked for, at least.
const IDLE_PAUSE_MAX: Duration = Duration::from_secs(30);

/// The servers of tools that this worker uses.
pub(crate) struct Servers {
    config: Config,
    allow: Allow,
    clients: Clients,
    metrics: Metrics,
    /// At most `servers_max`. Whoever holds this lock decides who is in use.
    entries: Mutex<BTreeMap<Key, Arc<Entry>>>,
}

impl Servers {
    /// Reads what is secret.
    ///
    /// # Errors
    /// When the configuration makes no sense, or a variable that it names is not there.
    pub(crate) fn new(config: Config, metrics: Metrics) -> anyhow::Result<Self> {
        let builder = || http::builder(config.connect_timeout);
        Ok(Self {
            allow: Allow::new(&config.allow)?,
            clients: Clients {
                outside: builder().build()?,
                loopback: builder().no_proxy().build()?,
            },
            metrics,
            entries: Mutex::default(),
            config,
        })
    }

    /// The tools of a server of a world.
    pub(crate) async fn tools(
        &self,
        world: &WorldId,
        name: &str,
        server: &McpServer,
    ) -> Result<Arc<[Listed]>, Error> {
        let (_using, connection) = self.connect(world, name, server).await?;
        let limit = self.config.connect_timeout;
        let listed = timeout(limit, connection.tools(name)).await;
        listed.unwrap_or(Err(Error::Timeout { limit }))
    }

    /// Calls a tool of a server, within a time limit.
    pub(crate) async fn call(
        &self,
        name: &str,
        server: &McpServer,
        (tool, arguments): (&str, JsonObject),
        limit: Duration,
        call: &mut Call,
    ) -> Result<ToolResult, Error> {
        let world = call.invocation().world.clone();
        let calling = async {
            let (_using, connection) = self.connect(&world, name, server).await?;
            connection.call(tool, arguments, call).await
        };
        let called = timeout(limit, calling).await;
        called.unwrap_or(Err(Error::CalledOff { limit }))
    }

    /// Reads a resource of a server.
    pub(super) async fn read(&self, read: &ReadResource) -> Result<Resource, Error> {
        let limit = self.config.connect_timeout.min(RESOURCE_TIMEOUT);
        let reading = async {
            let connected = self.connect(&read.world, &read.name, &read.server);
            let (_using, connection) = connected.await?;
            connection.read(&read.uri).await
        };
        let done = timeout(limit, reading).await;
        done.unwrap_or(Err(Error::Timeout { limit }))
    }

    /// What is known now.
    pub(super) fn status(&self) -> Vec<McpServerStatus> {
        self.entries()
            .values()
            .map(|entry| entry.status())
            .collect()
    }

    /// Whether there is a server of this id.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.entries().values().any(|entry| entry.id == id)
    }

    /// Closes the connections of this id, and opens them again. Those who use one now fail.
    pub(super) async fn restart(&self, id: &str) {
        let using: Vec<_> = {
            let entries = self.entries();
            let of_id = entries.values().filter(|entry| entry.id == id);
            of_id.map(|entry| Using::new(entry.clone())).collect()
        };
        join_all(using.iter().map(|Using(entry)| entry.close())).await;
        for Using(entry) in &using {
            if let Some(grant) = self.allow.grant(&entry.key.server) {
                // Why it failed is part of its status.
                let _ = self.connection(entry, &grant.route).await;
            }
        }
    }

    /// Closes what nobody has used for long; it does not return.
    pub(crate) async fn close_idle(&self) {
        let limit = self.config.idle_timeout;
        loop {
            sleep((limit / 2).clamp(Duration::from_millis(10), IDLE_PAUSE_MAX)).await;
            let idle: Vec<_> = {
                let entries = self.entries();
                let idle = entries.values().filter(|entry| entry.is_idle(limit));
                idle.filter_map(|entry| Some((entry.name.clone(), entry.take()?)))
                    .collect()
            };
            for (name, _) in &idle {
                info!(mcp.server = name, "an idle server of tools is closed");
            }
            join_all(idle.iter().map(|(_, connection)| connection.close())).await;
        }
    }

    /// Closes all of them, and returns once their programs have ended.
    pub(crate) async fn close_all(&self) {
        let entries = std::mem::take(&mut *self.entries());
        join_all(entries.values().map(|entry| entry.close())).await;
    }

    async fn connect(
        &self,
        world: &WorldId,
        name: &str,
        server: &McpServer,
    ) -> Result<(Using, Arc<Connection>), Error> {
        let grant = self.allow.grant(server).ok_or(Error::NotAllowed)?;
        let using = self.enter(world, name, server, &grant)?;
        let connection = self.connection(&using.0, &grant.route).await?;
        Ok((using, connection))
    }

    /// Notes that a server is in use; makes room for it when it is new.
    fn enter(
        &self,
        world: &WorldId,
        name: &str,
        server: &McpServer,
        grant: &Grant,
    ) -> Result<Using, Error> {
        let key = Key {
            world: (!grant.is_shared).then(|| world.clone()),
            server: server.clone(),
        };
        let mut entries = self.entries();
        if !entries.contains_key(&key) {
            if entries.len() >= self.config.servers_max {
                let oldest = unused_longest(&entries).ok_or(Error::Full)?;
                // Dropped, its connection is closed.
                entries.remove(&oldest);
            }
            let entry = Arc::new(Entry::new(key.clone(), name));
            entries.insert(key.clone(), entry);
        }
        let entry = entries.get(&key).ok_or(Error::Full)?;
        entry.enter(world);
        Ok(Using::new(entry.clone()))
    }

    async fn connection(&self, entry: &Entry, route: &Route) -> Result<Arc<Connection>, Error> {
        if let Some(connection) = entry.alive() {
            return Ok(connection);
        }
        let _one = entry.opening.lock().await;
        if let Some(known) = entry.alive().map(Ok).or_else(|| entry.failure().map(Err)) {
            return known;
        }
        let limit = self.config.connect_timeout;
        let opened = timeout(limit, Connection::open(route, &self.clients)).await;
        let opened = opened.unwrap_or(Err(Error::Timeout { limit }));
        let opened = opened.map(Arc::new);
        let outcome = opened.as_ref().err().map_or("ok", Error::code);
        self.metrics.tool_connection(outcome);
        info!(
            mcp.server = entry.name,
            outcome, "a server of tools was asked for"
        );
        entry.note(&opened);
        opened
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unused_longest(entries: &BTreeMap<Key, Arc<Entry>>) -> Option<Key> {
    let unused = entries.values().filter(|entry| entry.is_unused());
    let oldest = unused.min_by_key(|entry| entry.used())?;
    Some(oldest.key.clone())
}
