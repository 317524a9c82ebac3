//! `/v1/worlds`.

use contract::http::{CreateWorldRequest, Receipt, WorldsPage, WorldsPageQuery};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

const PATH: &str = "/v1/worlds";

/// The worlds of a gateway.
#[derive(Debug, Clone, Copy)]
pub struct Worlds<'a> {
    transport: &'a Transport,
}

impl<'a> Worlds<'a> {
    pub(crate) fn new(transport: &'a Transport) -> Self {
        Self { transport }
    }

    /// Reads a page of the worlds, from the archive.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &WorldsPageQuery) -> Result<WorldsPage, Error> {
        self.transport.get(PATH, query).await
    }

    /// Creates a world.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create(&self, world: &CreateWorldRequest) -> Result<Receipt, Error> {
        self.transport.command_with(Method::POST, PATH, world).await
    }
}
