//! The MCP servers that workers know.
//!
//! No worker has the whole picture: each sends what it knows, and the replies are put together here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::subject;
use contract::tool::{
    CheckMcpServers, McpServerCheck, McpServerStatus, ReadResource, RestartMcpServer,
};
use tokio::time::Instant;

use crate::connection::Connection;
use crate::request::{NoReply, request};
use crate::scatter_gather::scatter_gather;
use crate::{Error, Resource, json, resource};

/// Pause before a resource is requested again while there is no worker.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends requests about MCP servers to workers. Cheap to clone.
#[derive(Clone)]
pub struct McpDirectory {
    connection: Arc<Connection>,
}

impl McpDirectory {
    pub(crate) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
        }
    }

    /// The MCP servers that the workers know: one entry for each worker that knows it. A worker that
    /// takes longer than half a second is left out.
    ///
    /// # Errors
    /// [`Error::Broker`] when the request could not be sent.
    pub async fn servers(&self) -> Result<Vec<McpServerStatus>, Error> {
        let request = json::encode(subject::MCP_SERVERS, &())?;
        let client = &self.connection.client;
        let replies: Vec<Vec<McpServerStatus>> =
            scatter_gather(client, subject::MCP_SERVERS, request).await?;
        Ok(replies.into_iter().flatten().collect())
    }

    /// How each worker stands to these MCP servers of a world, by the names of the servers. A worker that takes longer
    /// than half a second is left out.
    ///
    /// # Errors
    /// [`Error::Broker`] when the request could not be sent.
    pub async fn check(
        &self,
        servers: &CheckMcpServers,
    ) -> Result<Vec<BTreeMap<String, McpServerCheck>>, Error> {
        let request = json::encode(subject::MCP_CHECK, servers)?;
        scatter_gather(&self.connection.client, subject::MCP_CHECK, request).await
    }

    /// Lets every worker that knows an MCP server connect to it anew; whether one does.
    ///
    /// # Errors
    /// [`Error::Broker`] when the request could not be sent.
    pub async fn restart(&self, id: &str) -> Result<bool, Error> {
        let restart = RestartMcpServer { id: id.to_owned() };
        let request = json::encode(subject::MCP_RESTART, &restart)?;
        let client = &self.connection.client;
        let replies: Vec<bool> = scatter_gather(client, subject::MCP_RESTART, request).await?;
        Ok(replies.contains(&true))
    }

    /// Reads a resource of an MCP server, on any worker; waits for one while there is none.
    ///
    /// # Errors
    /// [`Error::NoReply`] when no worker replies within `deadline`; [`Error::Rejected`] when the
    /// resource can't be read.
    pub async fn read_resource(
        &self,
        read: &ReadResource,
        deadline: Duration,
    ) -> Result<Resource, Error> {
        let subject = subject::MCP_READ.to_owned();
        let payload = json::encode(&subject, read)?;
        let client = &self.connection.client;
        let until = Instant::now() + deadline;
        loop {
            let timeout = until.saturating_duration_since(Instant::now());
            let cause = match request(client, &subject, payload.clone(), timeout).await {
                Ok(message) => {
                    let resource = resource::decode(message);
                    return resource.map_err(|reason| Error::Rejected { subject, reason });
                }
                Err(cause) => cause,
            };
            let has_responder = !matches!(cause, NoReply::NoResponders);
            if has_responder || Instant::now() + PAUSE >= until {
                let reason = cause.to_string();
                return Err(Error::NoReply { subject, reason });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
