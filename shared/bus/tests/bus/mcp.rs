//! The MCP servers that workers know.

use std::time::Duration;

use contract::tool::{
    CheckMcpServers, McpConnection, McpServer, McpServerCheck, McpServerStatus, RESOURCE_BYTES_MAX,
    ReadResource,
};
use manyworlds_bus::{Error, McpRequest, McpRequests, Resource};
use testkit::NatsServer;
use tokio::task::JoinSet;

use crate::support::{connect, world};

/// Answers as a worker that knows one server.
async fn answer(mut requests: McpRequests, status: McpServerStatus, checked: McpServerCheck) {
    while let Some(request) = requests.next().await {
        match request {
            McpRequest::List(reply) => reply.send(&vec![status.clone()]).await,
            McpRequest::Check(check, reply) => {
                let names = check.servers.into_keys();
                let of_name = names.map(|name| (name, checked.clone()));
                reply.send(&of_name.collect()).await;
            }
            McpRequest::Restart(restart, reply) => {
                reply.send(&(restart.id == status.id)).await;
            }
            McpRequest::Read(read, reply) => {
                let resource = Resource {
                    mime: "text/plain".to_owned(),
                    bytes: read.uri.into(),
                };
                reply.send_resource(Ok(resource)).await;
            }
        }
    }
}

#[tokio::test]
async fn every_worker_lists_the_mcp_servers_that_it_knows() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    assert!(bus.mcp_directory().servers().await.unwrap().is_empty());
    let mut workers = JoinSet::new();
    for id in ["00000001", "00000002"] {
        let status: McpServerStatus = serde_json::from_value(serde_json::json!({
            "id": id, "name": "files", "transport": "stdio", "status": "closed", "worlds": [],
        }))
        .unwrap();
        let checked = McpServerCheck {
            allowed: id.ends_with('1'),
            status: McpConnection::Closed,
            error: None,
        };
        let requests = bus.responder().subscribe_mcp_requests();
        let requests = requests.await.unwrap();
        workers.spawn(answer(requests, status, checked));
    }
    let mut ids: Vec<_> = bus.mcp_directory().servers().await.unwrap();
    ids.sort_by(|one, other| one.id.cmp(&other.id));
    let ids: Vec<_> = ids.iter().map(|status| status.id.as_str()).collect();
    assert_eq!(ids, ["00000001", "00000002"]);
    let url = "https://tools.example".to_owned();
    let check = CheckMcpServers {
        world: world("lobby"),
        servers: [("files".to_owned(), McpServer::Http { url })].into(),
    };
    let checks = bus.mcp_directory().check(&check).await.unwrap();
    let mut allowed: Vec<_> = checks.iter().map(|of| of["files"].allowed).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, [false, true]);
    assert!(bus.mcp_directory().restart("00000002").await.unwrap());
    assert!(!bus.mcp_directory().restart("00000003").await.unwrap());
    let read = |uri: String| ReadResource {
        world: world("lobby"),
        name: "files".to_owned(),
        server: McpServer::Http {
            url: "https://tools.example".to_owned(),
        },
        uri,
    };
    let deadline = Duration::from_secs(5);
    let resource = bus
        .mcp_directory()
        .read_resource(&read("x".into()), deadline)
        .await
        .unwrap();
    assert_eq!(
        (resource.mime.as_str(), &resource.bytes[..]),
        ("text/plain", &b"x"[..])
    );
    let large = read("x".repeat(RESOURCE_BYTES_MAX + 1));
    let refused = bus.mcp_directory().read_resource(&large, deadline).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::Rejected { .. }), "{refused:?}");
}
