//! The client of one gateway.

use std::time::Duration;

use contract::WorldId;

use crate::error::Error;
use crate::transport::Transport;
use crate::world::World;
use crate::worlds::Worlds;

/// A client of one gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
}

/// Whether a gateway and the services behind it can do their work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// They can.
    Ready,
    /// They can't yet.
    NotReady {
        /// What is missing, one line each.
        reason: String,
    },
}

impl Client {
    /// A client of the gateway at `url`, such as `http://127.0.0.1:7000`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when HTTP can't be set up. Whether the URL is valid shows with the first
    /// request.
    pub fn new(url: &str, api_key: Option<String>) -> Result<Self, Error> {
        let transport = Transport::new(url, api_key)?;
        Ok(Self { transport })
    }

    /// The same client, which repeats a request for this long while its failures are transient; without
    /// this, it is sent once. Commands have an idempotency key then, so that they are executed once.
    /// A gateway that was never reached is not retried.
    #[must_use]
    pub fn with_retries(self, window: Duration) -> Self {
        Self {
            transport: self.transport.with_retry_window(window),
        }
    }

    /// The worlds of the gateway.
    pub fn worlds(&self) -> Worlds<'_> {
        Worlds::new(&self.transport)
    }

    /// One world.
    pub fn world(&self, id: &WorldId) -> World<'_> {
        World::new(&self.transport, id)
    }

    /// Reads whether the gateway is ready (`/readyz`).
    ///
    /// # Errors
    /// When it does not respond.
    pub async fn readiness(&self) -> Result<Readiness, Error> {
        let (is_ready, text) = self.transport.get_text("/readyz").await?;
        Ok(match is_ready {
            true => Readiness::Ready,
            false => Readiness::NotReady {
                reason: text.trim().to_owned(),
            },
        })
    }
}
