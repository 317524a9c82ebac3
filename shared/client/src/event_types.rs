//! `/v1/worlds/{world}/event-types`.

use contract::EventType;
use contract::http::{EventTypesResponse, Receipt, RegisterEventTypeRequest};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The types of custom events that a world checks.
#[derive(Debug, Clone)]
pub struct EventTypes<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> EventTypes<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/event-types"),
        }
    }

    /// Reads the types, each with its versions.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self) -> Result<EventTypesResponse, Error> {
        self.transport.get(&self.path, &()).await
    }

    /// Checks events of a type from now on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn register(
        &self,
        event_type: &EventType,
        request: &RegisterEventTypeRequest,
    ) -> Result<Receipt, Error> {
        let path = format!("{}/{}", self.path, event_type.as_str());
        self.transport
            .command_with(Method::PUT, &path, request)
            .await
    }
}
