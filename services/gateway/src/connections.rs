//! The open event streams of this gateway: how many there may be, and how they end.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::{Metrics, Transport};
use crate::problem::Problem;

/// Why a stream was ended by the gateway, as the close code of a WebSocket. After those below 3500
/// clients come back, and go on from their position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    /// The gateway ends.
    Shutdown,
    /// The events could not be read; its log says why.
    ServerError,
    /// The client is too far behind.
    Slow,
    /// The client does not answer pings.
    NoPong,
    /// What the client asks for is not there: it would be told the same again.
    Refused,
}

impl Close {
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Shutdown => 3001,
            Self::ServerError => 3004,
            Self::Slow => 3008,
            Self::NoPong => 3012,
            Self::Refused => 3501,
        }
    }

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Shutdown => "shutdown",
            Self::ServerError => "server error",
            Self::Slow => "slow",
            Self::NoPong => "no pong",
            Self::Refused => "refused",
        }
    }
}

/// Room for so many streams.
pub(crate) struct Connections {
    permits: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Connections {
    pub(crate) fn new(most: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            metrics,
        }
    }

    /// # Errors
    /// 503 when there is no room for one more.
    pub(crate) fn open(&self, transport: Transport) -> Result<Connection, Problem> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| {
            let detail = "this gateway has as many event streams as it may";
            Problem {
                code: "too_many_connections",
                kind: "urn:manyworlds:problem:too_many_connections".to_owned(),
                ..Problem::unavailable(detail)
            }
        })?;
        self.metrics.opened(transport);
        Ok(Connection {
            transport,
            metrics: Arc::clone(&self.metrics),
            _permit: permit,
        })
    }
}

/// One open stream. Dropped, it makes room for another.
pub(crate) struct Connection {
    transport: Transport,
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// The gateway ends it.
    pub(crate) fn closed(&self, close: Close) {
        self.metrics.closed(self.transport, close);
    }

    /// So many events and chunks were handed to it.
    pub(crate) fn delivered(&self, frames: u64) {
        self.metrics.delivered(self.transport, frames);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.metrics.ended(self.transport);
    }
}
