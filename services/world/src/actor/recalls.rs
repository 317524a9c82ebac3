use std::sync::Arc;
use std::time::Duration;

use contract::chat::ChatMessage;
use contract::query::{HistoryQuery, HistoryRow};
use contract::{Reply, Request};
use rules::{RecalledMessage, World};
use service_kit::ErrorChain;
use tokio::task::JoinSet;

use super::pending_request::PendingRequest;
use super::recall::{Recall, StateVersion};
use crate::resources::Resources;

/// How long the archive may take: it waits for the newest commit of the world. The sender of the command
/// repeats it.
const ARCHIVE_PATIENCE: Duration = Duration::from_secs(4);
/// Commands that may wait for the archive at once; more are answered with `unavailable`, and repeated.
const WAITING_MAX: usize = 64;

/// Reads messages that the state does not keep any more from the archive, in the background of an actor, for
/// the commands that remove them.
pub(super) struct Recalls {
    resources: Arc<Resources>,
    tasks: JoinSet<Option<PendingRequest>>,
    /// How many times the world was loaded.
    loads: u64,
}

impl Recalls {
    pub(super) fn new(resources: Arc<Resources>) -> Self {
        Self {
            resources,
            tasks: JoinSet::new(),
            loads: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The world was loaded again: another writer may have removed messages.
    pub(super) fn on_reloaded(&mut self) {
        self.loads += 1;
    }

    /// Whether a request has to wait for the archive.
    pub(super) fn is_wanted(&self, world: &World, request: &PendingRequest) -> bool {
        let Request::Command(command) = &*request.request else {
            return false;
        };
        // The commands of an ordered batch do not wait for one another.
        if request.position().is_some() || world.message_to_recall(&command.command).is_none() {
            return false;
        }
        let version = self.version(world);
        let now = self.resources.bus.now();
        let is_new = matches!(world.lookup_command(command.id, now), Ok(None));
        is_new
            && request
                .recall()
                .is_none_or(|recall| recall.version != version)
    }

    /// Reads the message that a request needs, on a state that is in the log.
    pub(super) fn spawn(&mut self, world: &World, mut request: PendingRequest) {
        let Request::Command(command) = &*request.request else {
            return;
        };
        let Some((chat, message)) = world.message_to_recall(&command.command) else {
            return;
        };
        if self.tasks.len() >= WAITING_MAX {
            self.tasks.spawn(async move {
                let reason = "too many removals of old messages at once".to_owned();
                request.reply(&Reply::Unavailable { reason }).await;
                None
            });
            return;
        }
        let query = HistoryQuery {
            world: world.id.clone(),
            chat: chat.clone(),
            message,
            limit: RecalledMessage::BEFORE_MAX as u32 + 1,
            wait_for: Some(world.seq),
        };
        let version = self.version(world);
        let archive = self.resources.bus.archive().clone();
        self.tasks.spawn(async move {
            match archive.query(&query, ARCHIVE_PATIENCE).await {
                Ok((rows, _)) => {
                    let found = recalled(&query, rows);
                    request.set_recall(Recall { found, version });
                    Some(request)
                }
                Err(error) => {
                    let reason = ErrorChain(&error).to_string();
                    request.reply(&Reply::Unavailable { reason }).await;
                    None
                }
            }
        });
    }

    /// The next request that has what it needs; `None` when none waits, or one was answered.
    pub(super) async fn join_next(&mut self) -> Option<Option<PendingRequest>> {
        let joined = self.tasks.join_next().await?;
        Some(joined.ok().flatten())
    }

    fn version(&self, world: &World) -> StateVersion {
        StateVersion::of(world, self.loads)
    }
}

fn recalled(query: &HistoryQuery, rows: Vec<HistoryRow>) -> Option<RecalledMessage> {
    let count = rows.last()?.before;
    let mut messages: Vec<ChatMessage> = rows.into_iter().map(|row| row.row.message).collect();
    let message = messages.pop().filter(|last| last.id == query.message)?;
    Some(RecalledMessage {
        chat: query.chat.clone(),
        message,
        count,
        before: messages,
    })
}
