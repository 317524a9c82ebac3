//! Servers of tools: what the workers know of them, and what their tools have made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bus::Resource;
use contract::tool::{
    McpConnection, McpServerStatus, McpTransport, RESOURCE_TIMEOUT, ReadResource,
};
use contract::{Timestamp, WorldId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use utoipa::IntoParams;

use super::doorway::Doorway;
use super::failure::{Failure, Refusal};
use crate::body::{Ids, Parameters};
use crate::problem::Problem;

/// How long a worker is waited for that reads what a tool has made.
const READ_TIMEOUT: Duration = RESOURCE_TIMEOUT.saturating_add(Duration::from_secs(2));
/// After this long no further server is asked: whoever wants to see something has gone.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(30);
/// What is shown in a browser may run nothing and load nothing.
const PREVIEW_POLICY: &str =
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// Which artifact.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Artifact {
    /// The URI of a resource, as the result of a tool names it.
    path: Option<String>,
    /// The world whose tool has made it.
    #[serde(rename = "worldId")]
    world_id: Option<String>,
    /// `inline-html` to show it in a browser.
    preview: Option<String>,
}

/// List the servers of tools that workers know.
#[utoipa::path(
    get, path = "/mcp/servers", tag = "agent world",
    responses((status = 200, body = Value), (status = 503, body = Refusal))
)]
pub(super) async fn list(State(doorway): State<Arc<Doorway>>) -> Result<Json<Value>, Failure> {
    let servers = gather(&doorway).await?;
    Ok(Json(json!({
        "servers": servers,
        "stats": stats(&servers),
    })))
}

/// Let every worker that knows a server connect to it anew.
#[utoipa::path(
    post, path = "/mcp/servers/{id}/restart", tag = "agent world",
    params(("id" = String, Path)),
    responses((status = 200, body = Value), (status = 404, body = Refusal))
)]
pub(super) async fn restart(
    State(doorway): State<Arc<Doorway>>,
    Ids(id): Ids<String>,
) -> Result<Json<Value>, Failure> {
    let bus = doorway.gateway.link.bus().await?;
    let asked = bus.mcp_directory().restart(&id);
    if !doorway.gateway.link.during(asked).await? {
        let error = "Server not found";
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "MCP_SERVER_NOT_FOUND",
            error,
        ));
    }
    Ok(Json(json!({
        "success": true,
        "message": "Server restarted successfully",
        "serverId": id,
    })))
}

/// Tell whether the servers of tools can be used.
#[utoipa::path(
    get, path = "/mcp/health", tag = "agent world",
    responses((status = 200, body = Value), (status = 503, body = Refusal))
)]
pub(super) async fn health(State(doorway): State<Arc<Doorway>>) -> Result<Json<Value>, Failure> {
    let servers = gather(&doorway).await?;
    let stats = stats(&servers);
    let is_healthy = stats["failed"] == 0;
    Ok(Json(json!({
        "status": if is_healthy { "healthy" } else { "degraded" },
        "details": stats,
        "timestamp": Timestamp::now(),
        "registry": {"servers": servers.len()},
    })))
}

/// Fetch what a tool has made: a resource of a server of the world's tools.
#[utoipa::path(
    get, path = "/tool-artifact", tag = "agent world", params(Artifact),
    responses(
        (status = 200, description = "the resource"),
        (status = 400, body = Refusal), (status = 404, body = Refusal),
        (status = 503, body = Refusal),
    )
)]
pub(super) async fn artifact(
    State(doorway): State<Arc<Doorway>>,
    Parameters(wanted): Parameters<Artifact>,
) -> Result<Response, Failure> {
    let uri = wanted.path.filter(|path| !path.is_empty());
    let uri = uri.ok_or_else(|| Failure::invalid_field("path", "Required"))?;
    let world = wanted.world_id.filter(|world| !world.is_empty());
    let world = world.ok_or_else(|| Failure::invalid_field("worldId", "Required"))?;
    let model = doorway.find(&world).await?;
    let bus = doorway.gateway.link.bus().await?;
    let reads = model.mcp_servers.into_iter().map(|(name, server)| {
        let (world, uri) = (model.id.clone(), uri.clone());
        ReadResource {
            world,
            name,
            server,
            uri,
        }
    });
    let read = |wanted| {
        let bus = bus.clone();
        async move {
            bus.mcp_directory()
                .read_resource(&wanted, READ_TIMEOUT)
                .await
        }
    };
    let late = || Problem::unavailable("the servers of tools take too long");
    let searched = timeout(SEARCH_TIMEOUT, search(reads, read)).await;
    let found = searched
        .map_err(|_elapsed| late())?
        .map_err(Problem::from)?;
    let found = found.ok_or_else(|| {
        let error = "There is no such artifact";
        Failure::new(StatusCode::NOT_FOUND, "TOOL_ARTIFACT_NOT_FOUND", error)
    })?;
    let is_preview = wanted.preview.as_deref() == Some("inline-html");
    Ok(shown(&found.mime, found.bytes, is_preview))
}

/// What the first server has that has it. One that fails hides none behind it: what went wrong is
/// told when no other has it.
async fn search<Reading>(
    reads: impl Iterator<Item = ReadResource>,
    read: impl Fn(ReadResource) -> Reading,
) -> Result<Option<Resource>, bus::Error>
where
    Reading: Future<Output = Result<Resource, bus::Error>>,
{
    let mut failure = None;
    for wanted in reads {
        match read(wanted).await {
            Ok(found) => return Ok(Some(found)),
            Err(bus::Error::Rejected { .. }) => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(None), Err)
}

/// What a tool has made is not ours: a browser saves it, or shows it where it can do nothing.
fn shown(mime: &str, bytes: bytes::Bytes, is_preview: bool) -> Response {
    let kind = HeaderValue::from_str(mime);
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let disposition = if is_preview { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static(disposition),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(PREVIEW_POLICY),
        ),
    ];
    (headers, bytes).into_response()
}

async fn gather(doorway: &Doorway) -> Result<Vec<Value>, Failure> {
    let bus = doorway.gateway.link.bus().await?;
    let statuses = doorway
        .gateway
        .link
        .during(bus.mcp_directory().servers())
        .await?;
    Ok(told(&statuses, Timestamp::now()))
}

/// The servers, each once, whichever worker knows it.
fn told(statuses: &[McpServerStatus], now: Timestamp) -> Vec<Value> {
    let mut servers: BTreeMap<&str, Vec<&McpServerStatus>> = BTreeMap::new();
    for status in statuses {
        servers.entry(&status.id).or_default().push(status);
    }
    let told = |(id, known): (&str, Vec<&McpServerStatus>)| {
        let worlds = known.iter().flat_map(|status| &status.worlds);
        let worlds: BTreeSet<&WorldId> = worlds.collect();
        let best = known.iter().min_by_key(|status| rank(status.status))?;
        Some(json!({
            "id": id,
            "name": best.name,
            "transport": match best.transport {
                McpTransport::Stdio => "stdio",
                McpTransport::Http => "streamable-http",
            },
            "status": word(best.status),
            "referenceCount": worlds.len(),
            "startedAt": known.iter().filter_map(|status| status.started_at).min(),
            "lastHealthCheck": now,
            "associatedWorlds": worlds,
            "error": best.error,
        }))
    };
    servers.into_iter().filter_map(told).collect()
}

/// A server can be used when one worker can use it.
const fn rank(connection: McpConnection) -> u8 {
    match connection {
        McpConnection::Connected => 0,
        McpConnection::Connecting => 1,
        McpConnection::Closed => 2,
        McpConnection::Failed => 3,
    }
}

const fn word(connection: McpConnection) -> &'static str {
    match connection {
        McpConnection::Connected => "running",
        McpConnection::Connecting => "starting",
        McpConnection::Closed => "stopped",
        McpConnection::Failed => "error",
    }
}

fn stats(servers: &[Value]) -> Value {
    let count = |status: &str| {
        let of_status = servers.iter().filter(|server| server["status"] == status);
        of_status.count()
    };
    json!({
        "total": servers.len(),
        "running": count("running"),
        "starting": count("starting"),
        "stopped": count("stopped"),
        "failed": count("error"),
    })
}

#[cfg(test)]
mod tests {
    use contract::tool::McpServer;

    use super::*;

    #[tokio::test]
    async fn a_server_that_fails_hides_none_behind_it() {
        let read = |name: &str| ReadResource {
            world: "lab".parse().unwrap(),
            name: name.to_owned(),
            server: McpServer::Http { url: String::new() },
            uri: String::new(),
        };
        let answer = |wanted: ReadResource| {
            let (subject, reason) = (String::new(), String::new());
            std::future::ready(match wanted.name.as_str() {
                "good" => Ok(Resource {
                    mime: "text/plain".to_owned(),
                    bytes: bytes::Bytes::new(),
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
            let reads = servers.iter().map(|name| read(name));
            let outcome = match search(reads, answer).await {
                Ok(Some(_)) => "found",
                Ok(None) => "none",
                Err(_) => "failed",
            };
            assert_eq!(outcome, expected, "{servers:?}");
        }
    }

    #[test]
    fn a_server_is_told_once_however_many_workers_know_it() {
        let status = |id: &str, status: McpConnection, world: &str| McpServerStatus {
            id: id.to_owned(),
            name: "files".to_owned(),
            transport: McpTransport::Stdio,
            status,
            worlds: vec![world.parse().unwrap()],
            started_at: None,
            error: (status == McpConnection::Failed).then(|| "gone".to_owned()),
        };
        let statuses = [
            status("aa", McpConnection::Failed, "one"),
            status("aa", McpConnection::Connected, "two"),
            status("bb", McpConnection::Failed, "one"),
        ];
        let servers = told(&statuses, Timestamp::default());
        assert_eq!(servers.len(), 2);
        assert_eq!(servers[0]["status"], "running");
        assert_eq!(servers[0]["referenceCount"], 2);
        assert_eq!(servers[0]["error"], Value::Null);
        assert_eq!(servers[1]["error"], "gone");
        assert_eq!(
            stats(&servers),
            json!({"total": 2, "running": 1, "starting": 0, "stopped": 0, "failed": 1})
        );
    }
}
