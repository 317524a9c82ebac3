use std::sync::Arc;

use contract::view::ViewRequest;
use contract::{Reply, Request, Seq, WorldId};
use service_kit::ErrorChain;
use tokio::task::JoinSet;

use super::pending_request::PendingRequest;
use super::query::query;
use crate::loader;
use crate::resources::Resources;

/// Reads past states in the background of an actor: each folds the log from its beginning.
pub(super) struct PastReads {
    resources: Arc<Resources>,
    tasks: JoinSet<()>,
}

impl PastReads {
    pub(super) fn new(resources: Arc<Resources>) -> Self {
        Self {
            resources,
            tasks: JoinSet::new(),
        }
    }

    /// Answers `request` with the state after the commit `at`.
    pub(super) fn spawn(
        &mut self,
        request: PendingRequest,
        world: WorldId,
        at: Seq,
        view: ViewRequest,
    ) {
        let resources = self.resources.clone();
        self.tasks.spawn(async move {
            let Ok(_permit) = resources.past_reads.acquire().await else {
                return;
            };
            let reply = match loader::load_at(&resources.bus, &world, at).await {
                Ok(world) => query(&world, &Request::State { at: None, view }),
                Err(error) => Reply::Unavailable {
                    reason: ErrorChain(&error).to_string(),
                },
            };
            request.reply(&reply).await;
        });
    }

    /// Waits until a read has ended; `None` when none runs.
    pub(super) async fn join_next(&mut self) -> Option<()> {
        self.tasks.join_next().await.map(drop)
    }

    /// Waits until all reads have ended.
    pub(super) async fn finish(&mut self) {
        while self.join_next().await.is_some() {}
    }
}
