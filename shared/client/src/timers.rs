//! `/v1/worlds/{world}/timers`.

use contract::TimerId;
use contract::http::{Receipt, SetTimerRequest};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The timers of a world.
#[derive(Debug, Clone)]
pub struct Timers<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Timers<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/timers"),
        }
    }

    /// Sets a timer, or sets it again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set(&self, id: &TimerId, request: &SetTimerRequest) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::PUT, &self.timer(id), request)
            .await
    }

    /// Cancels a timer.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel(&self, id: &TimerId) -> Result<Receipt, Error> {
        self.transport
            .command(Method::DELETE, &self.timer(id))
            .await
    }

    fn timer(&self, id: &TimerId) -> String {
        format!("{}/{id}", self.path)
    }
}
