//! A call of a tool of a server.

use std::pin::pin;

use contract::tool::ToolResult;
use futures::{FutureExt, StreamExt};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotification,
    CancelledNotificationParam, ClientRequest, JsonObject, ProgressNotificationParam, RequestId,
    ServerResult,
};
use rmcp::service::{PeerRequestOptions, RoleClient};
use rmcp::{Peer, ServiceError};

use super::Connection;
use crate::http::excerpt;
use crate::mcp::error::Error;
use crate::mcp::render;
use sdk::Call;

impl Connection {
    /// Calls a tool, and publishes its progress. Dropped, the server is told that it is called off.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: JsonObject,
        call: &mut Call,
    ) -> Result<ToolResult, Error> {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let options = PeerRequestOptions::no_options();
        let sent = self.peer.send_cancellable_request(request, options).await;
        let handle = sent.map_err(|error| self.failed(&error))?;
        let mut unanswered = Unanswered {
            peer: &self.peer,
            request: Some(handle.id.clone()),
        };
        let token = handle.progress_token.clone();
        let mut progress = self.handler.progress.subscribe(token).await;
        let mut answer = pin!(handle.await_response());
        let answered = loop {
            tokio::select! {
                biased;
                Some(step) = progress.next() => call.progress(&self.words(&step)).await,
                answered = &mut answer => break answered,
            }
        };
        unanswered.request = None;
        match answered {
            Ok(ServerResult::CallToolResult(result)) => Ok(render::result(&result, &self.secrets)),
            Ok(ServerResult::EmptyResult(_)) => {
                let nothing = CallToolResult::default();
                Ok(render::result(&nothing, &self.secrets))
            }
            Ok(_) => Err(self.failed(&ServiceError::UnexpectedResponse)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn words(&self, progress: &ProgressNotificationParam) -> String {
        match (&progress.message, progress.total) {
            (Some(message), _) => excerpt(&self.secrets.removed_from(message)),
            (None, Some(total)) => format!("{}/{total}", progress.progress),
            (None, None) => progress.progress.to_string(),
        }
    }
}

/// A request; the server is told when nobody waits for its answer any more.
struct Unanswered<'a> {
    peer: &'a Peer<RoleClient>,
    request: Option<RequestId>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.request.is_none() {
            return;
        }
        let params = CancelledNotificationParam::new(
            self.request.take(),
            Some("nobody waits for the answer any more".to_owned()),
        );
        let notification = CancelledNotification::new(params);
        // Its first step puts the notification in the queue of the connection, if there is room.
        // Out of the task's budget, which may be used up: that step would be put off.
        let telling = tokio::task::unconstrained(self.peer.send_notification(notification.into()));
        let _ = telling.now_or_never();
    }
}
