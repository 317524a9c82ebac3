//! Waits for the end of an interaction, or for events of a session.

use std::time::Duration;

use bus::{CommitSubscription, StoredCommit};
use contract::{Event, Fact, FactKind, InteractionId, SessionId};
use service_kit::ErrorChain;
use tokio::time::timeout;
use tracing::warn;

#[cfg(feature = "testing")]
use super::memory::MemoryWorld;
use crate::error::Error;

/// A commit may get lost on its way to a subscriber: who waits looks again after this time in any case.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Watches the end of an interaction, or the events of a session. Who waits reads the state, and then again after each change.
pub(crate) struct EndWatch {
    source: Source,
}

enum Source {
    Log {
        commits: CommitSubscription,
        awaited: Awaited,
    },
    #[cfg(feature = "testing")]
    Memory(MemoryWorld),
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Awaited {
    /// The end of an interaction.
    End(InteractionId),
    /// An event of a session.
    Event(SessionId),
}

impl EndWatch {
    pub(super) fn of_log(commits: CommitSubscription, awaited: Awaited) -> Self {
        Self {
            source: Source::Log { commits, awaited },
        }
    }

    #[cfg(feature = "testing")]
    pub(super) fn of_memory(memory: MemoryWorld) -> Self {
        Self {
            source: Source::Memory(memory),
        }
    }

    /// Returns when what is waited for may have happened.
    pub(crate) async fn changed(&mut self) -> Result<(), Error> {
        match &mut self.source {
            Source::Log { commits, awaited } => {
                let awaited = *awaited;
                let ended = async {
                    while let Some(stored) = commits.next().await {
                        if has(&stored, awaited) {
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

/// Whether a commit has what is waited for.
fn has(stored: &StoredCommit, awaited: Awaited) -> bool {
    let commit = match stored.entry.commit() {
        Ok(commit) => commit,
        Err(error) => {
            let error = ErrorChain(&error).to_string();
            warn!(world.id = %stored.entry.world, error, "malformed commit");
            return false;
        }
    };
    let mut events = commit.events.iter();
    match awaited {
        Awaited::End(interaction) => events.any(|event| ends(event, interaction)),
        Awaited::Event(session) => events.any(|event| {
            event.correlation == Some(session.0)
                && event.event_type.built_in() == Some(FactKind::FlowEvent)
        }),
    }
}

fn ends(event: &Event, interaction: InteractionId) -> bool {
    event.correlation == Some(interaction.0)
        && matches!(
            Fact::parse(&event.event_type, &event.data),
            Ok(Some(Fact::InteractionEnded(ended))) if ended.interaction == interaction
        )
}
