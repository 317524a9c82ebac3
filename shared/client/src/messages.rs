//! `/v1/worlds/{world}/chats/{chat}/messages`.

use contract::http::{
    EditMessageRequest, MessagesPage, MessagesPageQuery, PostMessageRequest, Receipt, TurnResponse,
};
use contract::{ChatId, MessageId};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;
use crate::turn_stream::TurnStream;

/// The messages of a chat.
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Messages<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str, chat: &ChatId) -> Self {
        Self {
            transport,
            path: format!("{world_path}/chats/{chat}/messages"),
        }
    }

    /// Reads a page of the messages, from the archive.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &MessagesPageQuery) -> Result<MessagesPage, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Posts a message, and waits for its turn if the request says so. The answers are in the response:
    /// [`PostMessageRequest::stream`] has no effect here.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn post(&self, request: &PostMessageRequest) -> Result<TurnResponse, Error> {
        let request = PostMessageRequest {
            stream: false,
            ..request.clone()
        };
        self.transport.command_and_wait(&self.path, &request).await
    }

    /// Posts a message and receives its turn as it comes. [`PostMessageRequest::stream`] and
    /// [`PostMessageRequest::wait`] have no effect here. Nothing is sent before the stream is read.
    pub fn post_streamed(&self, request: PostMessageRequest) -> TurnStream {
        let request = PostMessageRequest {
            stream: true,
            ..request
        };
        TurnStream::new(self.transport.clone(), self.path.clone(), request)
    }

    /// Replaces a person's message, and all that followed it, with another.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn edit(
        &self,
        id: MessageId,
        request: &EditMessageRequest,
    ) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::PUT, &self.message(id), request)
            .await
    }

    /// Removes a person's message, and all that followed it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove(&self, id: MessageId) -> Result<Receipt, Error> {
        self.transport
            .command(Method::DELETE, &self.message(id))
            .await
    }

    fn message(&self, id: MessageId) -> String {
        format!("{}/{id}", self.path)
    }
}
