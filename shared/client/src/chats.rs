//! `/v1/worlds/{world}/chats`.

use contract::http::{
    BranchChatRequest, ChatResponse, ChatsResponse, ReadAfterWrite, Receipt, UpdateChatRequest,
};
use contract::{Chat, ChatId};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The chats of a world.
#[derive(Debug, Clone)]
pub struct Chats<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Chats<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/chats"),
        }
    }

    /// Reads the chats, newest first, from the archive.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &ReadAfterWrite) -> Result<ChatsResponse, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Creates a chat.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create(&self, chat: &Chat) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::POST, &self.path, chat)
            .await
    }

    /// Reads a chat: its agents, its latest messages, and who is answering.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, id: &ChatId) -> Result<ChatResponse, Error> {
        self.transport.get(&self.chat(id), &()).await
    }

    /// Changes a chat. What is absent stays.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update(&self, id: &ChatId, request: &UpdateChatRequest) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::PATCH, &self.chat(id), request)
            .await
    }

    /// Deletes a chat. Its open runs are cancelled.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete(&self, id: &ChatId) -> Result<Receipt, Error> {
        self.transport.command(Method::DELETE, &self.chat(id)).await
    }

    /// Cancels all answers that are under way in a chat.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn stop(&self, id: &ChatId) -> Result<Receipt, Error> {
        let path = format!("{}/stop", self.chat(id));
        self.transport.command(Method::POST, &path).await
    }

    /// Makes a chat the one that people see first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn open(&self, id: &ChatId) -> Result<Receipt, Error> {
        let path = format!("{}/open", self.chat(id));
        self.transport.command(Method::POST, &path).await
    }

    /// Creates a chat with the messages of another, and opens it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn branch(&self, id: &ChatId, request: &BranchChatRequest) -> Result<Receipt, Error> {
        let path = format!("{}/branches", self.chat(id));
        self.transport
            .command_with(Method::POST, &path, request)
            .await
    }

    fn chat(&self, id: &ChatId) -> String {
        format!("{}/{id}", self.path)
    }
}
