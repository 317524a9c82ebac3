//! The MCP servers of a world, and how the workers stand to them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::http::{
    ProblemDetails, ToolServerResponse, ToolServerStatus, ToolServersQuery, ToolServersResponse,
};
use contract::tool::{CheckMcpServers, McpConnection, McpServer, McpServerCheck, ToolAccess};
use contract::view::{GetEntities, GetProfile};
use contract::{Entity, EntityId, EntityKind, WorldId};
use door_kit::{DoorState, PathParams, Problem, QueryParams, ViewAt};

use crate::responses::unknown_entity;

/// List the tool servers (MCP) of a world: which agents have their tools, and whether the workers can use them. A
/// server that the configuration of a worker does not allow is `refused`: that worker answers without its tools.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/tool-servers", operation_id = "list_tool_servers",
    tag = "worlds",
    params(("world" = WorldId, Path), ToolServersQuery),
    responses(
        (status = 200, body = ToolServersResponse), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(ToolServersQuery { agent }): QueryParams<ToolServersQuery>,
) -> Result<Json<ToolServersResponse>, Problem> {
    let agents = GetEntities {
        kind: Some(EntityKind::Agent),
        ..GetEntities::default()
    };
    let ViewAt { seq, view } = state.broker.view(&world, (GetProfile, agents)).await?;
    let (profile, agents) = view;
    let mut agents: Vec<Entity> = agents.items.into_iter().map(Cow::into_owned).collect();
    if let Some(id) = &agent {
        agents.retain(|entity| entity.id == *id);
        if agents.is_empty() {
            return Err(unknown_entity(id));
        }
    }
    let description = profile.description.map(Cow::into_owned);
    let mut servers = description.map(|it| it.mcp_servers).unwrap_or_default();
    servers.retain(|name, _| agent.is_none() || !users_of(name, &agents).is_empty());
    let check = CheckMcpServers { world, servers };
    let checks = match check.servers.is_empty() {
        true => Vec::new(),
        false => state.broker.check_mcp_servers(&check).await?,
    };
    let servers = check.servers.into_iter().map(|(name, server)| {
        let agents = users_of(&name, &agents);
        response(name, server, agents, &checks)
    });
    Ok(Json(ToolServersResponse {
        servers: servers.collect(),
        seq,
    }))
}

/// The agents that have the tools of a server.
fn users_of(server: &str, agents: &[Entity]) -> Vec<EntityId> {
    let access = |entity: &Entity| -> Option<ToolAccess> { entity.agent.as_ref()?.tools.clone() };
    let has = |entity: &&Entity| access(entity).is_some_and(|access| access.includes(server));
    let users = agents.iter().filter(has);
    users.map(|entity| entity.id.clone()).collect()
}

/// A server as all workers together stand to it. Any of them may answer for an agent: one that refuses the server is
/// shown, whatever the others do.
fn response(
    name: String,
    server: McpServer,
    agents: Vec<EntityId>,
    workers: &[BTreeMap<String, McpServerCheck>],
) -> ToolServerResponse {
    let checks: Vec<&McpServerCheck> = workers.iter().filter_map(|of| of.get(&name)).collect();
    let refused_by = checks.iter().filter(|check| !check.allowed).count();
    let best = checks.iter().max_by_key(|check| status(check.status) as u8);
    let (status, detail) = match best {
        None => (
            ToolServerStatus::NoWorker,
            Some("no worker replied".to_owned()),
        ),
        Some(_) if refused_by > 0 => {
            let of = match checks.len() {
                1 => "the worker".to_owned(),
                workers => format!("{refused_by} of {workers} workers"),
            };
            let detail = format!("the configuration of {of} does not allow it: see mcp.allow");
            (ToolServerStatus::Refused, Some(detail))
        }
        Some(best) => (status(best.status), best.error.clone()),
    };
    ToolServerResponse {
        name,
        server,
        agents,
        status,
        detail,
        workers: u32::try_from(checks.len()).unwrap_or(u32::MAX),
        refused_by: u32::try_from(refused_by).unwrap_or(u32::MAX),
    }
}

const fn status(connection: McpConnection) -> ToolServerStatus {
    match connection {
        McpConnection::Failed => ToolServerStatus::Failed,
        McpConnection::Closed => ToolServerStatus::Closed,
        McpConnection::Connecting => ToolServerStatus::Connecting,
        McpConnection::Connected => ToolServerStatus::Connected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: bool, status: McpConnection) -> BTreeMap<String, McpServerCheck> {
        let error = (status == McpConnection::Failed).then(|| "gone".to_owned());
        let check = McpServerCheck {
            allowed,
            status,
            error,
        };
        [("files".to_owned(), check)].into()
    }

    #[test]
    fn a_server_that_one_worker_refuses_is_refused() {
        use McpConnection::{Closed, Connected, Failed};
        use ToolServerStatus as Status;
        for (workers, expected, refused_by, has_detail) in [
            (vec![], Status::NoWorker, 0, true),
            (vec![check(false, Closed)], Status::Refused, 1, true),
            (
                vec![check(true, Connected), check(false, Closed)],
                Status::Refused,
                1,
                true,
            ),
            (vec![check(true, Closed)], Status::Closed, 0, false),
            (vec![check(true, Failed)], Status::Failed, 0, true),
            (
                vec![check(true, Failed), check(true, Connected)],
                Status::Connected,
                0,
                false,
            ),
        ] {
            let url = "https://tools.example".to_owned();
            let server = McpServer::Http { url };
            let shown = response("files".to_owned(), server, Vec::new(), &workers);
            let found = (shown.status, shown.refused_by, shown.detail.is_some());
            assert_eq!(found, (expected, refused_by, has_detail), "{workers:?}");
            assert_eq!(shown.workers as usize, workers.len());
        }
    }
}
