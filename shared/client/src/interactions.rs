//! `/v1/worlds/{world}/interactions`, and the requests to an entity.

use contract::http::{
    CancelInteractionQuery, EntityRequestsResponse, InteractionReceipt, InteractionRequest,
    InteractionResponse, InteractionResultRequest, InteractionsPage, InteractionsPageQuery,
    Receipt,
};
use contract::{EntityId, InteractionId};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The interactions of a world.
#[derive(Debug, Clone)]
pub struct Interactions<'a> {
    transport: &'a Transport,
    world_path: String,
    path: String,
}

impl<'a> Interactions<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            world_path: world_path.to_owned(),
            path: format!("{world_path}/interactions"),
        }
    }

    /// Requests something of other entities, and returns once the request is durable.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn request(&self, request: &InteractionRequest) -> Result<InteractionReceipt, Error> {
        self.transport
            .command_with(Method::POST, &self.path, request)
            .await
    }

    /// Requests something of other entities, and returns how it ended.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn request_and_wait(
        &self,
        request: &InteractionRequest,
    ) -> Result<InteractionResponse, Error> {
        let path = format!("{}?wait=true", self.path);
        self.transport.command_and_wait(&path, request).await
    }

    /// Reads an interaction, open or ended.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, id: InteractionId) -> Result<InteractionResponse, Error> {
        self.transport.get(&self.interaction(id), &()).await
    }

    /// Reads a page of interactions, in the order of their requests, from the archive.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &InteractionsPageQuery) -> Result<InteractionsPage, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Cancels an interaction for all targets that have not ended it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel(
        &self,
        id: InteractionId,
        query: &CancelInteractionQuery,
    ) -> Result<Receipt, Error> {
        let path = match &query.sender {
            Some(sender) => format!("{}?sender={sender}", self.interaction(id)),
            None => self.interaction(id),
        };
        self.transport.command(Method::DELETE, &path).await
    }

    /// Reports how an interaction ended for a target whose brain is a client.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn complete(
        &self,
        id: InteractionId,
        result: &InteractionResultRequest,
    ) -> Result<Receipt, Error> {
        let path = format!("{}/result", self.interaction(id));
        self.transport
            .command_with(Method::POST, &path, result)
            .await
    }

    /// Reads what was requested of an entity and has not ended yet.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn requests_of(&self, entity: &EntityId) -> Result<EntityRequestsResponse, Error> {
        let path = format!("{}/entities/{entity}/requests", self.world_path);
        self.transport.get(&path, &()).await
    }

    fn interaction(&self, id: InteractionId) -> String {
        format!("{}/{id}", self.path)
    }
}
