//! MCP servers: their status, and the artifacts that their tools made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::tool::{McpConnection, McpServerStatus, McpTransport, ReadResource};
use contract::{Timestamp, WorldId};
use door_kit::{PathParams, QueryParams, Resource};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorBody};
use crate::state::AgentWorldState;

/// A preview in a browser may run no code and load nothing.
const PREVIEW_POLICY: &str =
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// Which artifact, and how it is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArtifactQuery {
    /// The URI of a resource, as the result of a tool names it.
    path: Option<String>,
    /// The world whose tool made it.
    #[serde(rename = "worldId")]
    world_id: Option<String>,
    /// `inline-html` to show it in a browser.
    preview: Option<String>,
}

/// List the MCP servers that workers know.
#[utoipa::path(
    get, path = "/mcp/servers", operation_id = "agent_world_list_mcp_servers", tag = "agent world",
    responses((status = 200, description = "The servers, and how many have which status.", body = Value), (status = 503, body = ErrorBody))
)]
pub(crate) async fn list(
    State(state): State<Arc<AgentWorldState>>,
) -> Result<Json<Value>, ApiError> {
    let servers = read_servers(&state).await?;
    Ok(Json(json!({
        "servers": servers,
        "stats": stats(&servers),
    })))
}

/// Make every worker that knows an MCP server connect to it again.
#[utoipa::path(
    post, path = "/mcp/servers/{id}/restart", operation_id = "agent_world_restart_mcp_server",
    tag = "agent world",
    params(("id" = String, Path)),
    responses((status = 200, description = "The server is restarted.", body = Value), (status = 404, body = ErrorBody))
)]
pub(crate) async fn restart(
    State(state): State<Arc<AgentWorldState>>,
    PathParams(id): PathParams<String>,
) -> Result<Json<Value>, ApiError> {
    if !state.doors.broker.restart_mcp_server(&id).await? {
        let error = "Server not found";
        return Err(ApiError::new(
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

/// Show whether the MCP servers can be used.
#[utoipa::path(
    get, path = "/mcp/health", operation_id = "agent_world_get_mcp_health", tag = "agent world",
    responses((status = 200, description = "Whether its servers are healthy.", body = Value), (status = 503, body = ErrorBody))
)]
pub(crate) async fn health(
    State(state): State<Arc<AgentWorldState>>,
) -> Result<Json<Value>, ApiError> {
    let servers = read_servers(&state).await?;
    let stats = stats(&servers);
    let is_healthy = stats["failed"] == 0;
    Ok(Json(json!({
        "status": if is_healthy { "healthy" } else { "degraded" },
        "details": stats,
        "timestamp": Timestamp::now(),
        "registry": {"servers": servers.len()},
    })))
}

/// Fetch an artifact of a tool: a resource of one of the world's MCP servers.
#[utoipa::path(
    get, path = "/tool-artifact", operation_id = "agent_world_get_tool_artifact",
    tag = "agent world", params(ArtifactQuery),
    responses(
        (status = 200, description = "the resource"),
        (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 503, body = ErrorBody),
    )
)]
pub(crate) async fn artifact(
    State(state): State<Arc<AgentWorldState>>,
    QueryParams(query): QueryParams<ArtifactQuery>,
) -> Result<Response, ApiError> {
    let uri = query.path.filter(|path| !path.is_empty());
    let uri = uri.ok_or_else(|| ApiError::invalid_field("path", "Required"))?;
    let name = query.world_id.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::invalid_field("worldId", "Required"))?;
    let world = state.find_world(&name).await?;
    let requests = world
        .description
        .mcp_servers
        .into_iter()
        .map(|(name, server)| {
            let (world, uri) = (world.id.clone(), uri.clone());
            ReadResource {
                world,
                name,
                server,
                uri,
            }
        });
    let found = state.doors.broker.find_resource(requests).await?;
    let found = found.ok_or_else(|| {
        let error = "There is no such artifact";
        ApiError::new(StatusCode::NOT_FOUND, "TOOL_ARTIFACT_NOT_FOUND", error)
    })?;
    let disposition = match query.preview.as_deref() {
        Some("inline-html") => "inline",
        _ => "attachment",
    };
    Ok(artifact_response(found, disposition))
}

/// Artifacts are not trusted: a browser saves one, or shows it where it can do nothing.
fn artifact_response(artifact: Resource, disposition: &'static str) -> Response {
    let media_type = HeaderValue::from_str(&artifact.media_type);
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, media_type),
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
    (headers, artifact.bytes).into_response()
}

async fn read_servers(state: &AgentWorldState) -> Result<Vec<Value>, ApiError> {
    let statuses = state.doors.broker.mcp_servers().await?;
    Ok(server_views(&statuses, Timestamp::now()))
}

/// The servers, each once, however many workers know it.
fn server_views(statuses: &[McpServerStatus], now: Timestamp) -> Vec<Value> {
    let mut servers: BTreeMap<&str, Vec<&McpServerStatus>> = BTreeMap::new();
    for status in statuses {
        servers.entry(&status.id).or_default().push(status);
    }
    let view = |(id, reports): (&str, Vec<&McpServerStatus>)| {
        let worlds = reports.iter().flat_map(|status| &status.worlds);
        let worlds: BTreeSet<&WorldId> = worlds.collect();
        let best = reports.iter().min_by_key(|status| rank(status.status))?;
        Some(json!({
            "id": id,
            "name": best.name,
            "transport": match best.transport {
                McpTransport::Stdio => "stdio",
                McpTransport::Http => "streamable-http",
            },
            "status": status_text(best.status),
            "referenceCount": worlds.len(),
            "startedAt": reports.iter().filter_map(|status| status.started_at).min(),
            "lastHealthCheck": now,
            "associatedWorlds": worlds,
            "error": best.error,
        }))
    };
    servers.into_iter().filter_map(view).collect()
}

/// A server can be used if one worker can use it.
const fn rank(connection: McpConnection) -> u8 {
    match connection {
        McpConnection::Connected => 0,
        McpConnection::Connecting => 1,
        McpConnection::Closed => 2,
        McpConnection::Failed => 3,
    }
}

const fn status_text(connection: McpConnection) -> &'static str {
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
    use super::*;

    #[test]
    fn a_server_is_listed_once_however_many_workers_know_it() {
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
        let servers = server_views(&statuses, Timestamp::default());
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
