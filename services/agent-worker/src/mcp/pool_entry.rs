//! An MCP server in the pool, connected or not.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::WorldId;
use contract::tool::{McpConnection, McpServer, McpServerStatus, McpTransport};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::connection::Connection;
use super::error::Error;

/// A failed connection is not retried for this long: each answer of an agent would wait for it.
const FAILURE_CACHED: Duration = Duration::from_secs(5);
/// The maximum number of worlds in a status: a shared server may have any number.
const WORLDS_MAX: usize = 100;

/// What identifies a connection. A server may keep what it receives, so that worlds do not share
/// connections unless they may.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PoolKey {
    /// Absent for a connection that all worlds share.
    pub(super) world: Option<WorldId>,
    pub(super) server: McpServer,
}

impl PoolKey {
    pub(super) fn new(world: &WorldId, server: &McpServer, is_shared: bool) -> Self {
        Self {
            world: (!is_shared).then(|| world.clone()),
            server: server.clone(),
        }
    }

    /// An id that is the same on every worker.
    fn id(&self) -> String {
        let text = serde_json::to_vec(&(&self.world, &self.server)).unwrap_or_default();
        let hash = Sha256::digest(text);
        hash.iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// An MCP server in the pool, connected or not.
pub(super) struct PoolEntry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) key: PoolKey,
    /// The number of runs that use it.
    users: AtomicUsize,
    /// Locked while it is being connected: other users wait for the same attempt.
    pub(super) connecting: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    connection: Option<Arc<Connection>>,
    failure: Option<(Error, Instant)>,
    worlds: BTreeSet<WorldId>,
    last_used: Instant,
}

/// A use of an entry; dropping it ends the use.
pub(super) struct PooledConnection(pub(super) Arc<PoolEntry>);

impl PooledConnection {
    pub(super) fn new(entry: Arc<PoolEntry>) -> Self {
        entry.users.fetch_add(1, Ordering::SeqCst);
        Self(entry)
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        self.0.state().last_used = Instant::now();
        self.0.users.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PoolEntry {
    pub(super) fn new(key: PoolKey, name: &str) -> Self {
        Self {
            id: key.id(),
            name: name.to_owned(),
            key,
            users: AtomicUsize::new(0),
            connecting: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                connection: None,
                failure: None,
                worlds: BTreeSet::new(),
                last_used: Instant::now(),
            }),
        }
    }

    /// Adds a world to those that use it.
    pub(super) fn add_world(&self, world: &WorldId) {
        let worlds = &mut self.state().worlds;
        if worlds.len() < WORLDS_MAX {
            worlds.insert(world.clone());
        }
    }

    pub(super) fn last_used(&self) -> Instant {
        self.state().last_used
    }

    /// Its connection, if that can still be used.
    pub(super) fn live_connection(&self) -> Option<Arc<Connection>> {
        let mut state = self.state();
        state
            .connection
            .take_if(|connection| !connection.is_alive());
        state.connection.clone()
    }

    /// The cached error of the last attempt to connect.
    pub(super) fn recent_failure(&self) -> Option<Error> {
        let state = self.state();
        let (error, at) = state.failure.as_ref()?;
        (at.elapsed() < FAILURE_CACHED).then(|| error.clone())
    }

    /// Stores the result of an attempt to connect.
    pub(super) fn set_connection(&self, connected: &Result<Arc<Connection>, Error>) {
        let mut state = self.state();
        state.connection = connected.as_ref().ok().cloned();
        let error = connected.as_ref().err();
        state.failure = error.map(|error| (error.clone(), Instant::now()));
    }

    pub(super) fn is_unused(&self) -> bool {
        self.users.load(Ordering::SeqCst) == 0
    }

    pub(super) fn is_idle(&self, limit: Duration) -> bool {
        self.is_unused() && self.state().last_used.elapsed() >= limit
    }

    /// Removes the connection, for the caller to close.
    pub(super) fn take_connection(&self) -> Option<Arc<Connection>> {
        self.state().connection.take()
    }

    /// Closes the connection, and clears the last error.
    pub(super) async fn close(&self) {
        let taken = {
            let mut state = self.state();
            state.failure = None;
            state.connection.take()
        };
        if let Some(connection) = taken {
            connection.close().await;
        }
    }

    pub(super) fn status(&self) -> McpServerStatus {
        let state = self.state();
        let live = state
            .connection
            .as_ref()
            .filter(|connection| connection.is_alive());
        let status = match (live, &state.failure) {
            (Some(_), _) => McpConnection::Connected,
            _ if self.connecting.try_lock().is_err() => McpConnection::Connecting,
            (None, Some(_)) => McpConnection::Failed,
            (None, None) => McpConnection::Closed,
        };
        McpServerStatus {
            id: self.id.clone(),
            name: self.name.clone(),
            transport: match self.key.server {
                McpServer::Stdio { .. } => McpTransport::Stdio,
                McpServer::Http { .. } => McpTransport::Http,
            },
            status,
            worlds: state.worlds.iter().cloned().collect(),
            started_at: live.map(|connection| connection.connected_at),
            error: state.failure.as_ref().map(|(error, _)| error.to_string()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
