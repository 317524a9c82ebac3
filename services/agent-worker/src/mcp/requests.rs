//! What operators and the people of a world ask about servers of tools.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, ServerRequest, ServerRequests};
use service_kit::{CancellationToken, ErrorChain};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::warn;

use super::Servers;

/// Pause before listening again, when NATS could not be told.
const LISTEN_PAUSE: Duration = Duration::from_millis(250);
/// Questions that are being answered; further ones are refused. Each holds at most one resource.
const ANSWERS_MAX: usize = 16;

/// Answers until shutdown.
pub(crate) async fn answer_requests(
    servers: Arc<Servers>,
    bus: Bus,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let answering = async {
        loop {
            match bus.server_requests().await {
                Ok(requests) => answer_all(&servers, requests).await,
                Err(error) => warn!(error = %ErrorChain(&error), "workers can't be asked"),
            }
            sleep(LISTEN_PAUSE).await;
        }
    };
    tokio::select! {
        () = answering => {}
        () = shutdown.cancelled() => {}
    }
    Ok(())
}

async fn answer_all(servers: &Arc<Servers>, mut requests: ServerRequests) {
    let mut answers = JoinSet::new();
    while let Some(request) = requests.next().await {
        while answers.try_join_next().is_some() {}
        match request {
            ServerRequest::List(told) => told.tell(&servers.status()).await,
            ServerRequest::Read(_, told) if answers.len() >= ANSWERS_MAX => {
                told.tell_resource(Err("the worker is busy".to_owned()))
                    .await;
            }
            // Whoever asks does not wait for long, and no answer is none.
            ServerRequest::Restart(..) if answers.len() >= ANSWERS_MAX => {}
            request => {
                answers.spawn(answer(Arc::clone(servers), request));
            }
        }
    }
}

async fn answer(servers: Arc<Servers>, request: ServerRequest) {
    match request {
        ServerRequest::List(told) => told.tell(&servers.status()).await,
        ServerRequest::Restart(restart, told) => {
            let is_known = servers.knows(&restart.id);
            told.tell(&is_known).await;
            servers.restart(&restart.id).await;
        }
        ServerRequest::Read(read, told) => {
            let resource = servers.read(&read).await;
            let resource = resource.map_err(|error| error.to_string());
            told.tell_resource(resource).await;
        }
    }
}
