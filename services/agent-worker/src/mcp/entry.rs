//! One server of tools, whether it is connected or not.

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

/// A server that could not be reached is not tried again for this long: each answer of an agent
/// would wait for it.
const FAILURE_KEPT: Duration = Duration::from_secs(5);
/// Worlds that a status names: a shared server may have any number.
const WORLDS_MAX: usize = 100;

/// Whose a connection is. A server may keep what it is told, so that worlds share none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// All of them when absent: the configuration says that they may share it.
    pub(super) world: Option<WorldId>,
    pub(super) server: McpServer,
}

/// A server, whether it is connected or not.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) key: Key,
    /// Runs that use it now.
    users: AtomicUsize,
    /// Held while it is being connected: the others wait for the same.
    pub(super) opening: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    connection: Option<Arc<Connection>>,
    failure: Option<(Error, Instant)>,
    worlds: BTreeSet<WorldId>,
    used: Instant,
}

/// A server in use, until this is dropped.
pub(super) struct Using(pub(super) Arc<Entry>);

impl Entry {
    pub(super) fn new(key: Key, name: &str) -> Self {
        Self {
            id: key.id(),
            name: name.to_owned(),
            key,
            users: AtomicUsize::new(0),
            opening: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                connection: None,
                failure: None,
                worlds: BTreeSet::new(),
                used: Instant::now(),
            }),
        }
    }

    /// Notes that a world uses it.
    pub(super) fn enter(&self, world: &WorldId) {
        let worlds = &mut self.state().worlds;
        if worlds.len() < WORLDS_MAX {
            worlds.insert(world.clone());
        }
    }

    /// When it was used last.
    pub(super) fn used(&self) -> Instant {
        self.state().used
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its connection, if that can still be used.
    pub(super) fn alive(&self) -> Option<Arc<Connection>> {
        let mut state = self.state();
        // What has died is dropped.
        state
            .connection
            .take_if(|connection| !connection.is_alive());
        state.connection.clone()
    }

    /// Why it could not be reached a moment ago.
    pub(super) fn failure(&self) -> Option<Error> {
        let state = self.state();
        let (error, at) = state.failure.as_ref()?;
        (at.elapsed() < FAILURE_KEPT).then(|| error.clone())
    }

    /// Notes what came of an attempt to connect.
    pub(super) fn note(&self, opened: &Result<Arc<Connection>, Error>) {
        let mut state = self.state();
        state.connection = opened.as_ref().ok().cloned();
        state.failure = opened.as_ref().err().map(|it| (it.clone(), Instant::now()));
    }

    pub(super) fn is_unused(&self) -> bool {
        self.users.load(Ordering::SeqCst) == 0
    }

    pub(super) fn is_idle(&self, limit: Duration) -> bool {
        self.is_unused() && self.state().used.elapsed() >= limit
    }

    /// Its connection, which is to be closed.
    pub(super) fn take(&self) -> Option<Arc<Connection>> {
        self.state().connection.take()
    }

    /// Closes its connection, and forgets why there was none.
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
        let alive = state.connection.as_ref().filter(|it| it.is_alive());
        let status = match (alive, &state.failure) {
            (Some(_), _) => McpConnection::Connected,
            _ if self.opening.try_lock().is_err() => McpConnection::Connecting,
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
            started_at: alive.map(|connection| connection.since),
            error: state.failure.as_ref().map(|(error, _)| error.to_string()),
        }
    }
}

impl Key {
    /// The same on every worker.
    fn id(&self) -> String {
        let text = serde_json::to_vec(&(&self.world, &self.server)).unwrap_or_default();
        let hash = Sha256::digest(text);
        hash.iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl Using {
    pub(super) fn new(entry: Arc<Entry>) -> Self {
        entry.users.fetch_add(1, Ordering::SeqCst);
        Self(entry)
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        self.0.state().used = Instant::now();
        self.0.users.fetch_sub(1, Ordering::SeqCst);
    }
}
