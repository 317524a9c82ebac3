//! Waits for the end of an interaction.

use std::time::Duration;

use bus::{CommitSubscription, StoredCommit};
use contract::{Fact, InteractionId};
use service_kit::ErrorChain;
use tokio::time::timeout;
use tracing::warn;

#[cfg(feature = "testing")]
use super::memory::MemoryWorld;
use crate::error::Error;

/// A commit may get lost on its way to a subscriber: who waits looks again after this time in any case.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Watches the end of an interaction. Who waits reads the state, and then again after each change.
pub(crate) struct EndWatch {
    source: Source,
}

enum Source {
    Log {
        commits: CommitSubscription,
        interaction: InteractionId,
    },
    #[cfg(feature = "testing")]
    Memory(MemoryWorld),
}

impl EndWatch {
    pub(super) fn of_log(commits: CommitSubscription, interaction: InteractionId) -> Self {
        Self {
            source: Source::Log {
                commits,
                interaction,
            },
        }
    }

    #[cfg(feature = "testing")]
    pub(super) fn of_memory(memory: MemoryWorld) -> Self {
        Self {
            source: Source::Memory(memory),
        }
    }

    /// Returns when the interaction may have ended.
    pub(crate) async fn changed(&mut self) -> Result<(), Error> {
        match &mut self.source {
            Source::Log {
                commits,
                interaction,
            } => {
                let interaction = *interaction;
                let ended = async {
                    while let Some(stored) = commits.next().await {
                        if ends(&stored, interaction) {
                            return Ok(());
                        }
                    }
                    Err(Error::transient("the connection to NATS is closed"))
                };
                timeout(LOOK_AGAIN, ended).await.unwrap_or(Ok(()))
            }
            #[cfg(feature = "testing")]
            Source::Memory(memory) => memory.wait_for_run().await,
        }
    }
}

/// Whether a commit ends an interaction.
fn ends(stored: &StoredCommit, interaction: InteractionId) -> bool {
    let commit = match stored.entry.commit() {
        Ok(commit) => commit,
        Err(error) => {
            let error = ErrorChain(&error).to_string();
            warn!(world.id = %stored.entry.world, error, "malformed commit");
            return false;
        }
    };
    let mut events = commit.events.iter();
    events.any(|event| {
        event.correlation == Some(interaction.0)
            && matches!(
                Fact::parse(&event.event_type, &event.data),
                Ok(Some(Fact::InteractionEnded(ended))) if ended.interaction == interaction
            )
    })
}
