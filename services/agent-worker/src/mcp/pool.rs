//! The connections of a worker to MCP servers: opened on demand, closed when idle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Resource;
use contract::WorldId;
use contract::tool::{
    CheckMcpServers, McpConnection, McpServer, McpServerCheck, McpServerStatus, RESOURCE_TIMEOUT,
    ReadResource, ToolResult,
};
use futures::future::join_all;
use manyworlds_sdk::ActionCtx;
use rmcp::model::JsonObject;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::info;

use super::allowlist::{Allowlist, Permit, Route};
use super::connection::Connection;
use super::error::Error;
use super::http_clients::HttpClients;
use super::listed_tool::ListedTool;
use super::pool_entry::{PoolEntry, PoolKey, PooledConnection};
use crate::config::McpConfig;
use crate::metrics::Metrics;

/// The maximum pause between two searches for idle connections.
const IDLE_PAUSE_MAX: Duration = Duration::from_secs(30);

/// The connections of this worker to MCP servers.
pub(crate) struct ConnectionPool {
    config: McpConfig,
    allowlist: Allowlist,
    clients: HttpClients,
    metrics: Metrics,
    /// At most `servers_max`. The lock is held to decide which entries are in use.
    entries: Mutex<BTreeMap<PoolKey, Arc<PoolEntry>>>,
}

impl ConnectionPool {
    /// Reads the secrets of the servers.
    ///
    /// # Errors
    /// When the configuration is invalid, or a variable that it names is not set.
    pub(crate) fn new(config: McpConfig, metrics: Metrics) -> anyhow::Result<Self> {
        Ok(Self {
            allowlist: Allowlist::new(&config.allow)?,
            clients: HttpClients::new(config.connect_timeout)?,
            metrics,
            entries: Mutex::default(),
            config,
        })
    }

    /// Lists the tools of an MCP server of a world.
    pub(crate) async fn tools(
        &self,
        world: &WorldId,
        name: &str,
        server: &McpServer,
    ) -> Result<Arc<[ListedTool]>, Error> {
        let (_pooled, connection) = self.connect(world, name, server).await?;
        let limit = self.config.connect_timeout;
        let listed = timeout(limit, connection.tools(name)).await;
        listed.unwrap_or(Err(Error::Timeout { limit }))
    }

    /// Calls a tool of an MCP server, within a time limit.
    pub(crate) async fn call_tool(
        &self,
        name: &str,
        server: &McpServer,
        (tool, arguments): (&str, JsonObject),
        limit: Duration,
        ctx: &mut ActionCtx,
    ) -> Result<ToolResult, Error> {
        let world = ctx.request().world.clone();
        let call = async {
            let (_pooled, connection) = self.connect(&world, name, server).await?;
            connection.call_tool(tool, arguments, ctx).await
        };
        let result = timeout(limit, call).await;
        result.unwrap_or(Err(Error::CallCancelled { limit }))
    }

    /// Reads a resource of an MCP server.
    pub(super) async fn read_resource(&self, read: &ReadResource) -> Result<Resource, Error> {
        let limit = self.config.connect_timeout.min(RESOURCE_TIMEOUT);
        let reading = async {
            let connected = self.connect(&read.world, &read.name, &read.server);
            let (_pooled, connection) = connected.await?;
            connection.read_resource(&read.uri).await
        };
        let resource = timeout(limit, reading).await;
        resource.unwrap_or(Err(Error::Timeout { limit }))
    }

    /// The status of all entries.
    pub(super) fn status(&self) -> Vec<McpServerStatus> {
        self.entries()
            .values()
            .map(|entry| entry.status())
            .collect()
    }

    /// How this worker stands to servers of a world: whether they are allowed, and connected.
    pub(super) fn check(&self, check: CheckMcpServers) -> BTreeMap<String, McpServerCheck> {
        let CheckMcpServers { world, servers } = check;
        let checked = servers.into_iter().map(|(name, server)| {
            let permit = self.allowlist.permit(&server);
            let known = permit.as_ref().and_then(|permit| {
                let key = PoolKey::new(&world, &server, permit.is_shared);
                self.entries().get(&key).map(|entry| entry.status())
            });
            let checked = McpServerCheck {
                allowed: permit.is_some(),
                status: known.as_ref().map_or(McpConnection::Closed, |it| it.status),
                error: known.and_then(|it| it.error),
            };
            (name, checked)
        });
        checked.collect()
    }

    /// Whether an entry has this id.
    pub(super) fn contains(&self, id: &str) -> bool {
        self.entries().values().any(|entry| entry.id == id)
    }

    /// Closes the connections of this id, and opens them again. Requests in progress fail.
    pub(super) async fn reconnect(&self, id: &str) {
        let pooled: Vec<_> = {
            let entries = self.entries();
            let of_id = entries.values().filter(|entry| entry.id == id);
            of_id
                .map(|entry| PooledConnection::new(entry.clone()))
                .collect()
        };
        join_all(pooled.iter().map(|PooledConnection(entry)| entry.close())).await;
        for PooledConnection(entry) in &pooled {
            if let Some(permit) = self.allowlist.permit(&entry.key.server) {
                // An error is part of the status of the entry.
                let _ = self.connection(entry, &permit.route).await;
            }
        }
    }

    /// Closes idle connections; it does not return.
    pub(crate) async fn close_idle(&self) {
        let limit = self.config.idle_timeout;
        loop {
            sleep((limit / 2).clamp(Duration::from_millis(10), IDLE_PAUSE_MAX)).await;
            let idle: Vec<_> = {
                let entries = self.entries();
                let idle = entries.values().filter(|entry| entry.is_idle(limit));
                idle.filter_map(|entry| Some((entry.name.clone(), entry.take_connection()?)))
                    .collect()
            };
            for (name, _) in &idle {
                info!(mcp.server = name, "idle MCP connection closed");
            }
            join_all(idle.iter().map(|(_, connection)| connection.close())).await;
        }
    }

    /// Closes all connections, and returns when their child processes have ended.
    pub(crate) async fn close_all(&self) {
        let entries = std::mem::take(&mut *self.entries());
        join_all(entries.values().map(|entry| entry.close())).await;
    }

    async fn connect(
        &self,
        world: &WorldId,
        name: &str,
        server: &McpServer,
    ) -> Result<(PooledConnection, Arc<Connection>), Error> {
        let permit = self.allowlist.permit(server).ok_or(Error::NotAllowed)?;
        let pooled = self.acquire(world, name, server, &permit)?;
        let connection = self.connection(&pooled.0, &permit.route).await?;
        Ok((pooled, connection))
    }

    /// Finds the entry of a server, or adds one: then the entry that was not used for longest makes
    /// room.
    fn acquire(
        &self,
        world: &WorldId,
        name: &str,
        server: &McpServer,
        permit: &Permit,
    ) -> Result<PooledConnection, Error> {
        let key = PoolKey::new(world, server, permit.is_shared);
        let mut entries = self.entries();
        if !entries.contains_key(&key) {
            if entries.len() >= self.config.servers_max {
                let oldest = least_recently_used(&entries).ok_or(Error::PoolExhausted)?;
                // Dropping the entry closes its connection.
                entries.remove(&oldest);
            }
            let entry = Arc::new(PoolEntry::new(key.clone(), name));
            entries.insert(key.clone(), entry);
        }
        let entry = entries.get(&key).ok_or(Error::PoolExhausted)?;
        entry.add_world(world);
        Ok(PooledConnection::new(entry.clone()))
    }

    /// The connection of an entry; opens it when there is none.
    async fn connection(&self, entry: &PoolEntry, route: &Route) -> Result<Arc<Connection>, Error> {
        if let Some(connection) = entry.live_connection() {
            return Ok(connection);
        }
        let _connecting = entry.connecting.lock().await;
        let live = entry.live_connection().map(Ok);
        if let Some(known) = live.or_else(|| entry.recent_failure().map(Err)) {
            return known;
        }
        let opened = self.open(route).await.map(Arc::new);
        let outcome = opened.as_ref().err().map_or("ok", Error::code);
        self.metrics.record_tool_connection(outcome);
        info!(mcp.server = entry.name, outcome, "MCP connection attempted");
        entry.set_connection(&opened);
        opened
    }

    /// Opens a connection, in a task of its own. What serves it outlives the run that wants it, and has a span below the
    /// current one: that of the run would not end before the connection does, and no trace would have it.
    async fn open(&self, route: &Route) -> Result<Connection, Error> {
        let limit = self.config.connect_timeout;
        let (route, clients) = (route.clone(), self.clients.clone());
        let mut opening = JoinSet::new();
        opening.spawn(async move { timeout(limit, Connection::open(&route, &clients)).await });
        match opening.join_next().await {
            Some(Ok(Ok(opened))) => opened,
            Some(Err(error)) => Err(Error::unreachable(error.to_string())),
            Some(Ok(Err(_))) | None => Err(Error::Timeout { limit }),
        }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<PoolKey, Arc<PoolEntry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn least_recently_used(entries: &BTreeMap<PoolKey, Arc<PoolEntry>>) -> Option<PoolKey> {
    let unused = entries.values().filter(|entry| entry.is_unused());
    let oldest = unused.min_by_key(|entry| entry.last_used())?;
    Some(oldest.key.clone())
}
