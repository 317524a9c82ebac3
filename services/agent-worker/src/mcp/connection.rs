//! A connection to a server of tools.

mod call;
mod list;
mod read;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::Timestamp;
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientCacheConfig, Peer, ServiceError, ServiceExt};
use tokio::sync::Mutex;

use super::allow::Route;
use super::error::Error;
use super::handler::Handler;
use super::program::Program;
use super::secrets::Secrets;
use crate::http::excerpt;

pub(crate) use list::Listed;

/// A connection must be closed within this long; what is left of it then is dropped. A program has
/// been killed by then.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection; it is closed when dropped.
pub(super) struct Connection {
    /// Since when it stands.
    pub(super) since: Timestamp,
    handler: Arc<Handler>,
    /// A server may repeat what it is given, and what it says is shown.
    secrets: Secrets,
    peer: Peer<RoleClient>,
    service: Mutex<RunningService<RoleClient, Arc<Handler>>>,
    is_broken: AtomicBool,
    /// Kept until the server says that they have changed.
    tools: Mutex<Option<Arc<[Listed]>>>,
}

impl Connection {
    /// Connects, and says the first words.
    pub(super) async fn open(route: &Route, clients: &Clients) -> Result<Self, Error> {
        let handler = Arc::new(Handler::default());
        let secrets = route.secrets();
        let opened = match route {
            Route::Program {
                command,
                args,
                variables,
                ..
            } => {
                let program = Program::start(command, args, variables)
                    .map_err(|error| Error::unreachable(excerpt(&error.to_string())))?;
                Box::pin(handler.clone().serve(program)).await
            }
            Route::Address {
                url,
                key,
                is_loopback,
            } => {
                let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
                config.auth_header = key.as_ref().map(|key| key.secret().to_owned());
                let client = clients.of(*is_loopback);
                let transport = StreamableHttpClientTransport::with_client(client, config);
                Box::pin(handler.clone().serve(transport)).await
            }
        };
        let service = opened.map_err(|error| Error::of_opening(&error, &secrets))?;
        let peer = service.peer().clone();
        // What is kept, we keep ourselves.
        peer.set_response_cache_config(ClientCacheConfig::disabled())
            .await;
        Ok(Self {
            since: Timestamp::now(),
            handler,
            secrets,
            peer,
            service: Mutex::new(service),
            is_broken: AtomicBool::new(false),
            tools: Mutex::default(),
        })
    }

    /// Whether it can still be used, as far as is known.
    pub(super) fn is_alive(&self) -> bool {
        !self.is_broken.load(Ordering::SeqCst) && !self.peer.is_transport_closed()
    }

    /// Closes it, and returns once a program of it has ended.
    pub(super) async fn close(&self) {
        self.is_broken.store(true, Ordering::SeqCst);
        // An error means that its task panicked: then it is closed as well.
        let mut service = self.service.lock().await;
        let _ = service.close_with_timeout(CLOSE_TIMEOUT).await;
    }

    /// What an error means; after some there is no use in going on with this connection.
    fn failed(&self, error: &ServiceError) -> Error {
        let error = Error::of_request(error, &self.secrets);
        if error == Error::Broken {
            self.is_broken.store(true, Ordering::SeqCst);
        }
        error
    }
}

/// How servers are called over HTTP. `HTTP_PROXY` and the like count, except on this machine.
pub(super) struct Clients {
    pub(super) outside: reqwest::Client,
    pub(super) loopback: reqwest::Client,
}

impl Clients {
    fn of(&self, is_loopback: bool) -> reqwest::Client {
        match is_loopback {
            true => self.loopback.clone(),
            false => self.outside.clone(),
        }
    }
}
