//! The worlds of one partition that are active: each has an actor.

use std::collections::HashMap;
use std::sync::Arc;

use bus::{IncomingRequest, WorldRequests};
use contract::{Reply, WorldId};
use service_kit::CancellationToken;
use tokio::task::{JoinError, JoinSet};
use tracing::error;

use crate::actor::{Actor, MailboxSender, PendingRequest, SendError, mailbox};
use crate::resources::Resources;

/// Hands each request to the actor of its world, and starts one where there is none.
pub(crate) struct ActiveWorlds {
    resources: Arc<Resources>,
    mailboxes: HashMap<WorldId, MailboxSender>,
    actors: JoinSet<WorldId>,
}

impl ActiveWorlds {
    pub(crate) fn new(resources: Arc<Resources>) -> Self {
        Self {
            resources,
            mailboxes: HashMap::new(),
            actors: JoinSet::new(),
        }
    }

    /// Serves `requests` until `stop`, and ends all actors.
    pub(crate) async fn run(mut self, mut requests: WorldRequests, stop: CancellationToken) {
        let mut draining = false;
        loop {
            tokio::select! {
                () = stop.cancelled(), if !draining => {
                    draining = true;
                    // Requests that were sent before another replica took over are still answered.
                    if requests.drain().await.is_err() {
                        break;
                    }
                }
                incoming = requests.next() => match incoming {
                    Some(incoming) => self.deliver(incoming).await,
                    None => break,
                },
                Some(ended) = self.actors.join_next() => self.remove_ended(ended),
            }
        }
        self.mailboxes.clear();
        while let Some(ended) = self.actors.join_next().await {
            self.remove_ended(ended);
        }
    }

    async fn deliver(&mut self, incoming: IncomingRequest) {
        let world = incoming.world.clone();
        let mailbox = match self.mailboxes.get(&world) {
            Some(mailbox) if !mailbox.is_closed() => mailbox.clone(),
            _ => self.activate(world.clone()),
        };
        let (request, reason) = match mailbox.send(PendingRequest::from(incoming)) {
            Ok(()) => return,
            Err(SendError::Full(request)) => (request, "too many requests wait for it"),
            Err(SendError::Closed(request)) => (request, "it is being passivated"),
        };
        let reason = format!("{world}: {reason}");
        request.reply(&Reply::Unavailable { reason }).await;
    }

    fn activate(&mut self, world: WorldId) -> MailboxSender {
        let config = &self.resources.config;
        let (sender, mailbox) = mailbox(config.mailbox_max, config.idle_after);
        let actor = Actor::new(self.resources.clone(), world.clone(), mailbox);
        self.mailboxes.insert(world.clone(), sender.clone());
        self.actors.spawn(async move {
            actor.run().await;
            world
        });
        sender
    }

    fn remove_ended(&mut self, ended: Result<WorldId, JoinError>) {
        match ended {
            // A new actor may have replaced the one that ended.
            Ok(world) => {
                let mailbox = self.mailboxes.get(&world);
                if mailbox.is_some_and(MailboxSender::is_closed) {
                    self.mailboxes.remove(&world);
                }
            }
            // Clients that waited repeat their requests, and the world is loaded from its log.
            Err(panic) => {
                error!(error = %panic, "an actor panicked");
                self.mailboxes.retain(|_, mailbox| !mailbox.is_closed());
            }
        }
    }
}
