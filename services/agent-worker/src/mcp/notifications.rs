//! The notifications of an MCP server.

use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::ClientHandler;
use rmcp::handler::client::progress::ProgressDispatcher;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, ProgressNotificationParam};
use rmcp::service::{NotificationContext, RoleClient};

/// Handles the notifications of an MCP server. It declares no capabilities: servers get no access to
/// models, files and people.
#[derive(Default)]
pub(super) struct NotificationHandler {
    /// Forwards progress to the requests that wait for it.
    pub(super) progress: ProgressDispatcher,
    tools_changed: AtomicBool,
}

impl NotificationHandler {
    /// Whether the server has changed its tools since the last call of this function.
    pub(super) fn take_tools_changed(&self) -> bool {
        self.tools_changed.swap(false, Ordering::SeqCst)
    }
}

impl ClientHandler for NotificationHandler {
    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.progress.handle_notification(progress).await;
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.tools_changed.store(true, Ordering::SeqCst);
    }

    fn get_info(&self) -> ClientConfig {
        let implementation = Implementation::new("manyworlds", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), implementation)
    }
}
