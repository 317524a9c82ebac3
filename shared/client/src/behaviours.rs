//! `/v1/worlds/{world}/entities/{entity}/behaviour`, and the actions that entities use.

use contract::behaviour::Definition;
use contract::http::{
    AtQuery, BehaviourResponse, DiagramQuery, PutBehaviourResponse, Receipt, UseActionRequest,
    UseActionResponse,
};
use contract::{ActionName, EntityId};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The behaviours of a world's entities.
#[derive(Debug, Clone)]
pub struct Behaviours<'a> {
    transport: &'a Transport,
    entities_path: String,
}

impl<'a> Behaviours<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            entities_path: format!("{world_path}/entities"),
        }
    }

    /// Gives an entity a behaviour, or another one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn put(
        &self,
        entity: &EntityId,
        definition: &Definition,
    ) -> Result<PutBehaviourResponse, Error> {
        self.transport
            .command_with(Method::PUT, &self.behaviour(entity), definition)
            .await
    }

    /// Reads the behaviour of an entity, and what its machine is doing.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(
        &self,
        entity: &EntityId,
        query: &AtQuery,
    ) -> Result<BehaviourResponse, Error> {
        self.transport.get(&self.behaviour(entity), query).await
    }

    /// Reads a drawing of the behaviour of an entity.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn diagram(&self, entity: &EntityId, query: &DiagramQuery) -> Result<String, Error> {
        let path = format!("{}/diagram", self.behaviour(entity));
        self.transport.get_document(&path, query).await
    }

    /// Removes the behaviour of an entity.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove(&self, entity: &EntityId) -> Result<Receipt, Error> {
        self.transport
            .command(Method::DELETE, &self.behaviour(entity))
            .await
    }

    /// Lets the machine of an entity make no transitions for now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pause(&self, entity: &EntityId) -> Result<Receipt, Error> {
        self.control(entity, "pause").await
    }

    /// Lets the machine of an entity make one transition, and pauses it then.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn step(&self, entity: &EntityId) -> Result<Receipt, Error> {
        self.control(entity, "step").await
    }

    /// Lets the machine of an entity make transitions again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn resume(&self, entity: &EntityId) -> Result<Receipt, Error> {
        self.control(entity, "resume").await
    }

    /// Lets an entity use a built-in action.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn use_action(
        &self,
        entity: &EntityId,
        action: &ActionName,
        request: &UseActionRequest,
    ) -> Result<UseActionResponse, Error> {
        let path = format!("{}/{entity}/actions/{action}", self.entities_path);
        self.transport
            .command_with(Method::POST, &path, request)
            .await
    }

    async fn control(&self, entity: &EntityId, what: &str) -> Result<Receipt, Error> {
        let path = format!("{}/{what}", self.behaviour(entity));
        self.transport.command(Method::POST, &path).await
    }

    fn behaviour(&self, entity: &EntityId) -> String {
        format!("{}/{entity}/behaviour", self.entities_path)
    }
}
