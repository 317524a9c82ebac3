//! Opens and closes a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::Timestamp;
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientCacheConfig, Peer, ServiceError, ServiceExt};
use tokio::sync::Mutex;

use crate::http::excerpt;
use crate::mcp::allowlist::Route;
use crate::mcp::child_process::ChildProcess;
use crate::mcp::error::Error;
use crate::mcp::http_clients::HttpClients;
use crate::mcp::listed_tool::ListedTool;
use crate::mcp::notifications::NotificationHandler;
use crate::mcp::secrets::Secrets;

/// Timeout for closing a connection; then it is dropped. A child process is killed before that.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to an MCP server; dropping it closes it.
pub(in crate::mcp) struct Connection {
    pub(in crate::mcp) connected_at: Timestamp,
    pub(super) notifications: Arc<NotificationHandler>,
    /// To be removed from whatever the server sends: it may repeat them.
    pub(super) secrets: Secrets,
    pub(super) peer: Peer<RoleClient>,
    service: Mutex<RunningService<RoleClient, Arc<NotificationHandler>>>,
    is_broken: AtomicBool,
    /// The cached tools of the server, until it notifies of a change.
    pub(super) tools: Mutex<Option<Arc<[ListedTool]>>>,
}

impl Connection {
    /// Connects and initializes the protocol.
    pub(in crate::mcp) async fn open(route: &Route, clients: &HttpClients) -> Result<Self, Error> {
        let notifications = Arc::new(NotificationHandler::default());
        let secrets = route.secrets();
        let opened = match route {
            Route::ChildProcess {
                command,
                args,
                variables,
                ..
            } => {
                let process = ChildProcess::spawn(command, args, variables)
                    .map_err(|error| Error::unreachable(excerpt(&error.to_string())))?;
                Box::pin(notifications.clone().serve(process)).await
            }
            Route::Http {
                url,
                key,
                is_loopback,
            } => {
                let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
                config.auth_header = key.as_ref().map(|key| key.expose().to_owned());
                let client = clients.select(*is_loopback);
                let transport = StreamableHttpClientTransport::with_client(client, config);
                Box::pin(notifications.clone().serve(transport)).await
            }
        };
        let service = opened.map_err(|error| Error::of_initialization(&error, &secrets))?;
        let peer = service.peer().clone();
        // The list of tools is cached here, which knows when the server has changed it.
        peer.set_response_cache_config(ClientCacheConfig::disabled())
            .await;
        Ok(Self {
            connected_at: Timestamp::now(),
            notifications,
            secrets,
            peer,
            service: Mutex::new(service),
            is_broken: AtomicBool::new(false),
            tools: Mutex::default(),
        })
    }

    /// Whether it can still be used, as far as is known.
    pub(in crate::mcp) fn is_alive(&self) -> bool {
        !self.is_broken.load(Ordering::SeqCst) && !self.peer.is_transport_closed()
    }

    /// Closes it, and returns when its child process has ended.
    pub(in crate::mcp) async fn close(&self) {
        self.is_broken.store(true, Ordering::SeqCst);
        // An error means that its task panicked: then it is closed as well.
        let mut service = self.service.lock().await;
        let _ = service.close_with_timeout(CLOSE_TIMEOUT).await;
    }

    /// Converts the error of a request. Some errors mean that the connection can't be used any more.
    pub(super) fn request_error(&self, error: &ServiceError) -> Error {
        let error = Error::of_request(error, &self.secrets);
        if error == Error::Broken {
            self.is_broken.store(true, Ordering::SeqCst);
        }
        error
    }
}
