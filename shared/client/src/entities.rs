//! `/v1/worlds/{world}/entities`.

use contract::http::{
    ChangeEntitiesRequest, EntitiesPageQuery, EntitiesResponse, OffersResponse, Receipt,
    SetRoleRequest, UpdateEntityRequest,
};
use contract::mind::MindView;
use contract::{Entity, EntityId};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The entities of a world.
#[derive(Debug, Clone)]
pub struct Entities<'a> {
    transport: &'a Transport,
    path: String,
    changes_path: String,
}

impl<'a> Entities<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/entities"),
            changes_path: format!("{world_path}/changes"),
        }
    }

    /// Reads the entities, or a page of them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &EntitiesPageQuery) -> Result<EntitiesResponse, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Creates an entity.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create(&self, entity: &Entity) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::POST, &self.path, entity)
            .await
    }

    /// Reads an entity.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, id: &EntityId) -> Result<Entity, Error> {
        self.transport.get(&self.entity(id), &()).await
    }

    /// Gives an entity another role.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set_role(
        &self,
        id: &EntityId,
        request: &SetRoleRequest,
    ) -> Result<Receipt, Error> {
        let path = format!("{}/role", self.entity(id));
        self.transport
            .command_with(Method::PUT, &path, request)
            .await
    }

    /// Changes what an entity is. What is absent stays.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update(
        &self,
        id: &EntityId,
        request: &UpdateEntityRequest,
    ) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::PATCH, &self.entity(id), request)
            .await
    }

    /// Removes an entity. Its open runs are cancelled.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove(&self, id: &EntityId) -> Result<Receipt, Error> {
        self.transport
            .command(Method::DELETE, &self.entity(id))
            .await
    }

    /// Changes the state of entities, who holds them, or where they are: all of it, or nothing.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change(&self, request: &ChangeEntitiesRequest) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::POST, &self.changes_path, request)
            .await
    }

    /// Reads what an entity perceives and may use.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn offers(&self, id: &EntityId) -> Result<OffersResponse, Error> {
        let path = format!("{}/offers", self.entity(id));
        self.transport.get(&path, &()).await
    }

    /// Reads the mind of an agent: what woke it, what it plans, and what it remembers.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn mind(&self, id: &EntityId) -> Result<MindView, Error> {
        let path = format!("{}/mind", self.entity(id));
        self.transport.get(&path, &()).await
    }

    /// Clears the memory of an agent.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn clear_memory(&self, id: &EntityId) -> Result<Receipt, Error> {
        let path = format!("{}/memory", self.entity(id));
        self.transport.command(Method::DELETE, &path).await
    }

    fn entity(&self, id: &EntityId) -> String {
        format!("{}/{id}", self.path)
    }
}
