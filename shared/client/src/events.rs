//! `/v1/worlds/{world}/events`.

use contract::http::{EventsPage, EventsPageQuery, Receipt, SendEventsRequest, StreamQuery};
use reqwest::Method;

use crate::error::Error;
use crate::event_stream::EventStream;
use crate::transport::Transport;

/// The events of a world.
#[derive(Debug, Clone)]
pub struct Events<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Events<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/events"),
        }
    }

    /// Reads a page of the events, from the archive.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &EventsPageQuery) -> Result<EventsPage, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Sends events, and returns once they are durable.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(&self, request: &SendEventsRequest) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::POST, &self.path, request)
            .await
    }

    /// Opens a stream of the events. It resumes by itself, but this first connection is not retried.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn stream(&self, query: StreamQuery) -> Result<EventStream, Error> {
        let path = format!("{}/stream", self.path);
        EventStream::open(self.transport.clone(), path, query).await
    }
}
