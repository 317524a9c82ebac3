//! The MCP servers of the workers: their status, and the resources that their tools made.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use contract::tool::{
    CheckMcpServers, McpServerCheck, McpServerStatus, RESOURCE_TIMEOUT, ReadResource,
};
use tokio::time::timeout;

use super::client::Broker;
use crate::problem::Problem;

/// How long a worker may take to read a resource.
const READ_TIMEOUT: Duration = RESOURCE_TIMEOUT.saturating_add(Duration::from_secs(2));
/// After this long no further server is read: the client has given up.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(30);

/// What a tool made.
pub struct Resource {
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub bytes: Bytes,
}

impl Broker {
    /// The status of the MCP servers that each worker knows.
    ///
    /// # Errors
    /// 503 when the workers did not answer.
    pub async fn mcp_servers(&self) -> Result<Vec<McpServerStatus>, Problem> {
        let bus = self.connection.bus().await?;
        let servers = bus.mcp_directory().servers();
        self.connection.with_connection(servers).await
    }

    /// How each worker stands to these MCP servers of a world, by the names of the servers.
    ///
    /// # Errors
    /// 503 when the workers could not be asked.
    pub async fn check_mcp_servers(
        &self,
        servers: &CheckMcpServers,
    ) -> Result<Vec<BTreeMap<String, McpServerCheck>>, Problem> {
        let bus = self.connection.bus().await?;
        let check = bus.mcp_directory().check(servers);
        self.connection.with_connection(check).await
    }

    /// Makes every worker that knows this MCP server connect to it again; `false` if none does.
    ///
    /// # Errors
    /// 503 when the workers did not answer.
    pub async fn restart_mcp_server(&self, id: &str) -> Result<bool, Problem> {
        let bus = self.connection.bus().await?;
        let restart = bus.mcp_directory().restart(id);
        self.connection.with_connection(restart).await
    }

    /// Reads a resource from the first of these MCP servers that has it.
    ///
    /// # Errors
    /// 503 when none has it and one of them did not answer, or all of them take too long.
    pub async fn find_resource(
        &self,
        requests: impl Iterator<Item = ReadResource>,
    ) -> Result<Option<Resource>, Problem> {
        let bus = self.connection.bus().await?;
        let read = |request| {
            let bus = bus.clone();
            async move {
                bus.mcp_directory()
                    .read_resource(&request, READ_TIMEOUT)
                    .await
            }
        };
        let found = timeout(SEARCH_TIMEOUT, first_found(requests, read)).await;
        let found =
            found.map_err(|_elapsed| Problem::unavailable("the MCP servers take too long"))??;
        Ok(found.map(|resource| Resource {
            media_type: resource.mime,
            bytes: resource.bytes,
        }))
    }
}

/// The resource of the first server that has it. A server that fails hides none behind it: its error
/// is returned when no other has the resource.
async fn first_found<Reading>(
    requests: impl Iterator<Item = ReadResource>,
    read: impl Fn(ReadResource) -> Reading,
) -> Result<Option<bus::Resource>, bus::Error>
where
    Reading: Future<Output = Result<bus::Resource, bus::Error>>,
{
    let mut failure = None;
    for request in requests {
        match read(request).await {
            Ok(found) => return Ok(Some(found)),
            Err(bus::Error::Rejected { .. }) => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use contract::tool::McpServer;

    use super::*;

    #[tokio::test]
    async fn a_server_that_fails_hides_none_behind_it() {
        let request = |name: &str| ReadResource {
            world: "lab".parse().unwrap(),
            name: name.to_owned(),
            server: McpServer::Http { url: String::new() },
            uri: String::new(),
        };
        let read = |request: ReadResource| {
            let (subject, reason) = (String::new(), String::new());
            std::future::ready(match request.name.as_str() {
                "good" => Ok(bus::Resource {
                    mime: "text/plain".to_owned(),
                    bytes: Bytes::new(),
                }),
                "without" => Err(bus::Error::Rejected { subject, reason }),
                _ => Err(bus::Error::NoReply { subject, reason }),
            })
        };
        for (servers, expected) in [
            (&["dead", "without", "good"][..], "found"),
            (&["without", "dead", "without"], "failed"),
            (&["without"], "none"),
            (&[], "none"),
        ] {
            let requests = servers.iter().map(|name| request(name));
            let outcome = match first_found(requests, read).await {
                Ok(Some(_)) => "found",
                Ok(None) => "none",
                Err(_) => "failed",
            };
            assert_eq!(outcome, expected, "{servers:?}");
        }
    }
}
