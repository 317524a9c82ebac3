//! The worlds of one partition that are active: each has an actor.

use std::collections::{HashMap, VecDeque};
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
                batch = requests.next_batch() => match batch {
                    Some(batch) => self.deliver(batch).await,
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

    /// Delivers the requests of one message to one actor. When one can't be delivered, none behind it is:
    /// the actor might have room again by then, and it would be decided before the other.
    async fn deliver(&mut self, batch: VecDeque<IncomingRequest>) {
        let Some(world) = batch.front().map(|incoming| incoming.world.clone()) else {
            return;
        };
        let mailbox = match self.mailboxes.get(&world) {
            Some(mailbox) if !mailbox.is_closed() => mailbox.clone(),
            _ => self.activate(world.clone()),
        };
        let mut requests = batch.into_iter().map(PendingRequest::from);
        let undelivered = requests.find_map(|request| mailbox.send(request).err());
        let (request, reason) = match undelivered {
            None => return,
            Some(SendError::Full(request)) => (request, "too many requests wait for it"),
            Some(SendError::Closed(request)) => (request, "it is being passivated"),
        };
        let reason = format!("{world}: {reason}");
        let reply = Reply::Unavailable { reason };
        for request in std::iter::once(request).chain(requests) {
            request.reply(&reply).await;
        }
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
