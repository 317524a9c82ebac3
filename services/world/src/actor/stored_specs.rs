//! Descriptions of worlds that are too large for one message, for the commands that apply them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::Error;
use contract::{Command, CommandId, Request, WorldId};
use rules::{StoredSpec, World};
use service_kit::ErrorChain;
use tokio::task::JoinSet;
use tracing::warn;

use super::pending_request::PendingRequest;
use crate::resources::Resources;

/// Pause before a description is read again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Loads the description that is applied, and removes it when all of it is in the log.
pub(super) struct StoredSpecs {
    resources: Arc<Resources>,
    world: WorldId,
    loading: JoinSet<StoredSpec>,
    loaded: Option<StoredSpec>,
    removals: JoinSet<()>,
}

impl StoredSpecs {
    pub(super) fn new(resources: Arc<Resources>, world: WorldId) -> Self {
        Self {
            resources,
            world,
            loading: JoinSet::new(),
            loaded: None,
            removals: JoinSet::new(),
        }
    }

    /// The command whose description a request needs, unless it is loaded.
    pub(super) fn wanted(&self, world: &World, request: &PendingRequest) -> Option<CommandId> {
        let command = applied_by(world, request)?;
        let loaded = self.loaded.as_ref();
        loaded
            .is_none_or(|loaded| loaded.command != command)
            .then_some(command)
    }

    /// Loads the description of a command in the background, one at a time.
    pub(super) fn load(&mut self, command: CommandId) {
        if self.loading.is_empty() {
            let (resources, world) = (self.resources.clone(), self.world.clone());
            self.loading
                .spawn(async move { load(&resources, &world, command).await });
        }
    }

    /// The next description that is loaded; `None` when none is being loaded.
    pub(super) async fn join_next(&mut self) -> Option<()> {
        let joined = self.loading.join_next().await?;
        self.loaded = joined.ok();
        Some(())
    }

    /// The description that was loaded last.
    pub(super) fn loaded(&self) -> Option<StoredSpec> {
        self.loaded.clone()
    }

    /// Removes the description that was applied, or refused, on a state that is in the log.
    pub(super) fn remove_applied(&mut self, world: &World, backlog: &VecDeque<PendingRequest>) {
        while self.removals.try_join_next().is_some() {}
        let Some(loaded) = &self.loaded else { return };
        let command = loaded.command;
        let is_wanted = |request| applied_by(world, request) == Some(command);
        if world.applying() == Some(command) || backlog.iter().any(is_wanted) {
            return;
        }
        self.loaded = None;
        let (resources, world) = (self.resources.clone(), self.world.clone());
        self.removals.spawn(async move {
            let removed = resources.bus.world_specs().remove(&world, command).await;
            if let Err(error) = removed {
                warn!(world.id = %world, error = %ErrorChain(&error), "applied description not removed");
            }
        });
    }

    /// Waits until nothing is removed any more.
    pub(super) async fn finish(&mut self) {
        while self.removals.join_next().await.is_some() {}
    }
}

/// The command whose description a request applies.
fn applied_by(world: &World, request: &PendingRequest) -> Option<CommandId> {
    let Request::Command(command) = &*request.request else {
        return None;
    };
    match command.command {
        Command::ApplyStoredWorld { .. } => Some(command.id),
        Command::FireDue => world.applying(),
        _ => None,
    }
}

/// Loads a description, as soon as the broker answers.
async fn load(resources: &Resources, world: &WorldId, command: CommandId) -> StoredSpec {
    loop {
        let error = match resources.bus.world_specs().load(world, command).await {
            Ok(spec) => {
                let spec = spec.map(Arc::new);
                return StoredSpec { command, spec };
            }
            Err(error) => error,
        };
        warn!(world.id = %world, error = %ErrorChain(&error), "description not read");
        if matches!(error, Error::Decode { .. }) {
            return StoredSpec {
                command,
                spec: None,
            };
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}
