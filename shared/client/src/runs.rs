//! `/v1/worlds/{world}/runs`.

use contract::RunId;
use contract::http::{Receipt, RunQuery, RunRequest, RunResponse};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The runs of actions of a world, which are called runs in the interface.
#[derive(Debug, Clone)]
pub struct Runs<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/invocations"),
        }
    }

    /// Requests a run, and waits for its end if the request says so.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn request(&self, request: &RunRequest) -> Result<RunResponse, Error> {
        self.transport.command_and_wait(&self.path, request).await
    }

    /// Reads how far a run is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, id: RunId, query: &RunQuery) -> Result<RunResponse, Error> {
        self.transport.get(&self.run(id), query).await
    }

    /// Cancels a run.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel(&self, id: RunId) -> Result<Receipt, Error> {
        self.transport.command(Method::DELETE, &self.run(id)).await
    }

    fn run(&self, id: RunId) -> String {
        format!("{}/{id}", self.path)
    }
}
