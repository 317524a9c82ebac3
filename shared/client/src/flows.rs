//! `/v1/worlds/{world}/flows`.

use contract::FlowId;
use contract::flow::FlowSpec;
use contract::http::{
    AtQuery, DiagramQuery, FlowResponse, FlowsPage, FlowsPageQuery, Receipt, StartSessionRequest,
    StartSessionResponse,
};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The flows of a world.
#[derive(Debug, Clone)]
pub struct Flows<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Flows<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/flows"),
        }
    }

    /// Declares a flow, or declares it anew.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn put(&self, flow: &FlowId, spec: &FlowSpec) -> Result<Receipt, Error> {
        self.transport
            .command_with(Method::PUT, &self.flow(flow), spec)
            .await
    }

    /// Reads a page of the flows, by id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self, query: &FlowsPageQuery) -> Result<FlowsPage, Error> {
        self.transport.get(&self.path, query).await
    }

    /// Reads what a flow is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn show(&self, flow: &FlowId, query: &AtQuery) -> Result<FlowResponse, Error> {
        self.transport.get(&self.flow(flow), query).await
    }

    /// Reads a drawing of a flow.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn diagram(&self, flow: &FlowId, query: &DiagramQuery) -> Result<String, Error> {
        let path = format!("{}/diagram", self.flow(flow));
        self.transport.get_document(&path, query).await
    }

    /// Removes a flow. Its open sessions go on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove(&self, flow: &FlowId) -> Result<Receipt, Error> {
        self.transport
            .command(Method::DELETE, &self.flow(flow))
            .await
    }

    /// Begins a session of a flow, and returns once it is durable.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn start_session(
        &self,
        flow: &FlowId,
        request: &StartSessionRequest,
    ) -> Result<StartSessionResponse, Error> {
        let path = format!("{}/sessions", self.flow(flow));
        self.transport
            .command_with(Method::POST, &path, request)
            .await
    }

    fn flow(&self, flow: &FlowId) -> String {
        format!("{}/{flow}", self.path)
    }
}
