//! Calls a tool.

use std::pin::pin;

use contract::tool::ToolResult;
use futures::{FutureExt, StreamExt};
use manyworlds_sdk::ActionCtx;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotification,
    CancelledNotificationParam, ClientRequest, JsonObject, ProgressNotificationParam, RequestId,
    ServerResult,
};
use rmcp::service::{PeerRequestOptions, RoleClient};
use rmcp::{Peer, ServiceError};

use super::lifecycle::Connection;
use crate::http::excerpt;
use crate::mcp::error::Error;
use crate::mcp::tool_result::convert_result;

impl Connection {
    /// Calls a tool, and publishes its progress. Dropping the future cancels the request on the
    /// server.
    pub(in crate::mcp) async fn call_tool(
        &self,
        tool: &str,
        arguments: JsonObject,
        ctx: &mut ActionCtx,
    ) -> Result<ToolResult, Error> {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let options = PeerRequestOptions::no_options();
        let sent = self.peer.send_cancellable_request(request, options).await;
        let handle = sent.map_err(|error| self.request_error(&error))?;
        let mut pending = PendingRequest {
            peer: &self.peer,
            id: Some(handle.id.clone()),
        };
        let token = handle.progress_token.clone();
        let mut progress = self.notifications.progress.subscribe(token).await;
        let mut response = pin!(handle.await_response());
        let received = loop {
            tokio::select! {
                biased;
                Some(progress) = progress.next() => {
                    ctx.publish_progress(&self.progress_text(&progress)).await;
                }
                received = &mut response => break received,
            }
        };
        pending.id = None;
        match received {
            Ok(ServerResult::CallToolResult(result)) => Ok(convert_result(&result, &self.secrets)),
            Ok(ServerResult::EmptyResult(_)) => {
                Ok(convert_result(&CallToolResult::default(), &self.secrets))
            }
            Ok(_) => Err(self.request_error(&ServiceError::UnexpectedResponse)),
            Err(error) => Err(self.request_error(&error)),
        }
    }

    fn progress_text(&self, progress: &ProgressNotificationParam) -> String {
        match (&progress.message, progress.total) {
            (Some(message), _) => excerpt(&self.secrets.redact(message)),
            (None, Some(total)) => format!("{}/{total}", progress.progress),
            (None, None) => progress.progress.to_string(),
        }
    }
}

/// A request without a response; dropping it cancels the request on the server.
struct PendingRequest<'a> {
    peer: &'a Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        if self.id.is_none() {
            return;
        }
        let params = CancelledNotificationParam::new(
            self.id.take(),
            Some("the request was cancelled".to_owned()),
        );
        let notification = CancelledNotification::new(params);
        // The first poll puts the notification into the queue of the connection, if there is room.
        // Outside of the task's budget: when that is used up, the poll would only be postponed.
        let sending = tokio::task::unconstrained(self.peer.send_notification(notification.into()));
        let _ = sending.now_or_never();
    }
}
