//! The open connections of this gateway: how many there may be, and what is counted about them.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::close_reason::CloseReason;
use crate::metrics::{Metrics, Transport};
use crate::problem::{Problem, RETRY_SOON};

/// Opens connections, up to a limit.
pub struct Connections {
    permits: Arc<Semaphore>,
    connections_max: usize,
    metrics: Arc<Metrics>,
}

impl Connections {
    pub(crate) fn new(connections_max: usize, metrics: Arc<Metrics>) -> Self {
        let connections_max = connections_max.min(Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(connections_max)),
            connections_max,
            metrics,
        }
    }

    /// Counts the connections that are open, and those that may be, whenever it is called.
    pub(crate) fn counter(&self) -> impl Fn() -> (usize, usize) + Send + Sync + use<> {
        let (permits, max) = (Arc::clone(&self.permits), self.connections_max);
        move || (max.saturating_sub(permits.available_permits()), max)
    }

    /// Counts one more connection.
    ///
    /// # Errors
    /// 503 when there are as many as there may be.
    pub fn open(&self, transport: Transport) -> Result<ConnectionGuard, Problem> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let detail = "this gateway has as many event streams as it may";
            Problem::new(status, "too_many_connections", detail).with_retry_after(RETRY_SOON)
        })?;
        self.metrics.connection_opened(transport);
        Ok(ConnectionGuard {
            transport,
            metrics: Arc::clone(&self.metrics),
            _permit: permit,
        })
    }
}

/// One open connection. Dropping it makes room for another.
pub struct ConnectionGuard {
    transport: Transport,
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionGuard {
    /// Counts that the gateway closes it.
    pub fn record_close(&self, reason: CloseReason) {
        self.metrics.connection_closed(self.transport, reason);
    }

    /// Counts events and chunks that were written to it.
    pub fn record_deliveries(&self, frames: u64) {
        self.metrics.frames_delivered(self.transport, frames);
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.metrics.connection_ended(self.transport);
    }
}
