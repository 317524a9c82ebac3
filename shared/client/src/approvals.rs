//! `/v1/worlds/{world}/approvals`.

use contract::ApprovalId;
use contract::http::{ApprovalsResponse, DecideApprovalRequest, Receipt};
use reqwest::Method;

use crate::error::Error;
use crate::transport::Transport;

/// The tool calls of a world that wait for a person.
#[derive(Debug, Clone)]
pub struct Approvals<'a> {
    transport: &'a Transport,
    path: String,
}

impl<'a> Approvals<'a> {
    pub(crate) fn new(transport: &'a Transport, world_path: &str) -> Self {
        Self {
            transport,
            path: format!("{world_path}/approvals"),
        }
    }

    /// Reads the tool calls that wait.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list(&self) -> Result<ApprovalsResponse, Error> {
        self.transport.get(&self.path, &()).await
    }

    /// Decides about a tool call. The first decision counts.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn decide(
        &self,
        id: ApprovalId,
        request: &DecideApprovalRequest,
    ) -> Result<Receipt, Error> {
        let path = format!("{}/{id}", self.path);
        self.transport
            .command_with(Method::POST, &path, request)
            .await
    }
}
