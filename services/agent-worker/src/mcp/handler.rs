//! What servers tell us without being asked.

use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::ClientHandler;
use rmcp::handler::client::progress::ProgressDispatcher;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, ProgressNotificationParam};
use rmcp::service::{NotificationContext, RoleClient};

/// Passes on what is asked for. Whatever a server wants of us it does not get: models, files and
/// people are the world's.
#[derive(Default)]
pub(super) struct Handler {
    /// Whoever waits for the progress of a call.
    pub(super) progress: ProgressDispatcher,
    tools_changed: AtomicBool,
}

impl Handler {
    /// Whether the server has changed its tools since this was asked last.
    pub(super) fn tools_changed(&self) -> bool {
        self.tools_changed.swap(false, Ordering::SeqCst)
    }
}

impl ClientHandler for Handler {
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
        let me = Implementation::new("manyworlds", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), me)
    }
}
