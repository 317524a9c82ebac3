//! `/v1/worlds/{world}/sessions`.

use contract::flow::NewFlowEvent;
use contract::http::{
    EndSessionQuery, Receipt, SendSessionEventsRequest, SessionEventsPage, SessionEventsPageQuery,
    SessionResponse, SessionStreamQuery, SessionsPage, SessionsPageQuery,
};
use contract::{EntityId, SessionId};
use reqwest::Method;

use crate::error::Error;
use crate::session_stream::SessionStream;
use crate::transport::Transport;

/// The most events of one request.
const EVENTS_MAX: usize = 100;

/// Not all events of a session could be sent.
#[derive(Debug, thiserror::Error)]
#[error("after {sent} events of a session were sent")]
pub struct PartlySent {
    /// How many are stored: the first ones.
    pub sent: usize,
    /// Why the next ones are not.
    pub source: Error,
}

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

    /// Reads a page of the sessions: of the open ones, if the query does not select others.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &SessionsPageQuery) -> Result<SessionsPage, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Reads what a session is, open or ended.
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

    /// Sends any number of events in a session in their order: in requests of at most
    /// 100 each, one after the other. Returns the last receipt.
    ///
    /// # Errors
    /// See [`Error`]. What was sent in earlier requests is stored; `sent` counts it.
    pub async fn send_in_order(
        &self,
        id: SessionId,
        events: Vec<NewFlowEvent>,
        sender: Option<EntityId>,
    ) -> Result<Receipt, PartlySent> {
        let mut sent = 0;
        let mut events = events.into_iter();
        loop {
            let request = SendSessionEventsRequest {
                events: events.by_ref().take(EVENTS_MAX).collect(),
                sender: sender.clone(),
            };
            let receipt = self.send(id, &request).await;
            let receipt = receipt.map_err(|source| PartlySent { sent, source })?;
            sent += request.events.len();
            if events.len() == 0 {
                return Ok(receipt);
            }
        }
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
