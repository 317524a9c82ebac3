//! Serves requests about MCP servers, from operators and from the people of a world.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, McpRequest, McpRequests};
use service_kit::{CancellationToken, ErrorChain};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::warn;

use super::pool::ConnectionPool;

/// Pause before the next subscription, when NATS is unavailable.
const SUBSCRIBE_PAUSE: Duration = Duration::from_millis(250);
/// The maximum number of concurrent requests; further ones are refused. Each holds at most one
/// resource.
const CONCURRENT_MAX: usize = 16;

/// Serves requests until shutdown.
pub(crate) async fn serve_requests(
    pool: Arc<ConnectionPool>,
    bus: Bus,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let serving = async {
        loop {
            match bus.responder().subscribe_mcp_requests().await {
                Ok(requests) => serve_subscription(&pool, requests).await,
                Err(error) => {
                    warn!(error = %ErrorChain(&error), "MCP request subscription unavailable");
                }
            }
            sleep(SUBSCRIBE_PAUSE).await;
        }
    };
    tokio::select! {
        () = serving => {}
        () = shutdown.cancelled() => {}
    }
    Ok(())
}

async fn serve_subscription(pool: &Arc<ConnectionPool>, mut requests: McpRequests) {
    let mut tasks = JoinSet::new();
    while let Some(request) = requests.next().await {
        while tasks.try_join_next().is_some() {}
        match request {
            McpRequest::List(reply) => reply.send(&pool.status()).await,
            McpRequest::Check(check, reply) => reply.send(&pool.check(check)).await,
            McpRequest::Read(_, reply) if tasks.len() >= CONCURRENT_MAX => {
                reply
                    .send_resource(Err("the worker is busy".to_owned()))
                    .await;
            }
            // Without a reply: the sender gathers the replies of many workers, with a timeout.
            McpRequest::Restart(..) if tasks.len() >= CONCURRENT_MAX => {}
            request => {
                tasks.spawn(serve_request(Arc::clone(pool), request));
            }
        }
    }
}

async fn serve_request(pool: Arc<ConnectionPool>, request: McpRequest) {
    match request {
        McpRequest::List(reply) => reply.send(&pool.status()).await,
        McpRequest::Check(check, reply) => reply.send(&pool.check(check)).await,
        McpRequest::Restart(restart, reply) => {
            let is_known = pool.contains(&restart.id);
            reply.send(&is_known).await;
            pool.reconnect(&restart.id).await;
        }
        McpRequest::Read(read, reply) => {
            let resource = pool.read_resource(&read).await;
            let resource = resource.map_err(|error| error.to_string());
            reply.send_resource(resource).await;
        }
    }
}
