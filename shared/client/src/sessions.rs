//! `/v1/worlds/{world}/sessions`.

use contract::SessionId;
use contract::http::{
    EndSessionQuery, Receipt, SendSessionEventsRequest, SessionEventsPage, SessionEventsPageQuery,
    SessionResponse, SessionStreamQuery, SessionsPage, SessionsPageQuery,
};
use reqwest::Method;

use crate::error::Error;
use crate::session_stream::SessionStream;
use crate::transport::Transport;

/// The sessions of a world's flows.
#[derive(Debug, Clone)]
pub struct Sessions<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/sessions"),
        }
    }

    /// Reads a page of the open sessions, by id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &SessionsPageQuery) -> Result<SessionsPage, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Reads what an open session is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, id: SessionId) -> Result<SessionResponse, Error> {
        self.transport.get(&self.session(id), &()).await
    }

    /// Sends events in a session, and returns once they are durable.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(
        &self,
        id: SessionId,
        request: &SendSessionEventsRequest,
    ) -> Result<Receipt, Error> {
        let path = format!("{}/events", self.session(id));
        self.transport
            .command_with(Method::POST, &path, request)
            .await
    }

    /// Reads a page of what the client of a session has got, from the log.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn events(
        &self,
        id: SessionId,
        query: &SessionEventsPageQuery,
    ) -> Result<SessionEventsPage, Error> {
        let path = format!("{}/events", self.session(id));
        self.transport.get(&path, query).await
    }

    /// Opens a stream of what the client of a session gets. It resumes by itself, but this first connection
    /// is not retried.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn stream(
        &self,
        id: SessionId,
        query: SessionStreamQuery,
    ) -> Result<SessionStream, Error> {
        let path = format!("{}/events/stream", self.session(id));
        SessionStream::open(self.transport.clone(), path, query).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn end(&self, id: SessionId, query: &EndSessionQuery) -> Result<Receipt, Error> {
        self.transport
            .command_with_query(Method::DELETE, &self.session(id), query)
            .await
    }

    fn session(&self, id: SessionId) -> String {
        format!("{}/{id}", self.path)
    }
}
