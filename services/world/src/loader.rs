//! Loads a world: its newest snapshot, and the commits that its log has after it.

use std::time::Duration;

use bus::{Bus, Error};
use contract::{Seq, WorldId};
use rules::World;
use service_kit::ErrorChain;
use tracing::warn;

use crate::snapshot;

/// Pause before a log is read again that did not have an expected commit yet.
const LAG_PAUSE: Duration = Duration::from_millis(20);

/// Why a world can't be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The log or the snapshot can't be read now.
    #[error("read the log of {world}")]
    Read { world: WorldId, source: Error },
    /// The log has a commit of newer rules: this build can't know what the world is after it.
    #[error(
        "commit {seq} of {world} is of version {newer} of the rules, and this build has {}",
        rules::VERSION
    )]
    NewerRules {
        world: WorldId,
        seq: Seq,
        newer: u32,
    },
    /// The log has an event that the rules can't apply. A person must look.
    #[error("replay the commit {seq} of {world}")]
    Replay {
        world: WorldId,
        seq: Seq,
        source: serde_json::Error,
    },
}

impl LoadError {
    fn read(world: &WorldId, source: Error) -> Self {
        let world = world.clone();
        Self::Read { world, source }
    }
}

/// The state of a world as its log has it, at least as new as the last commit that the log's leader has
/// when this is called.
pub(crate) async fn load_latest(bus: &Bus, id: &WorldId) -> Result<World, LoadError> {
    let last = bus.log().last_seq(id).await;
    let last = last.map_err(|source| LoadError::read(id, source))?;
    load(bus, id, last).await
}

/// The state of a world, at least as new as the commit `min_seq`, unless that is purged meanwhile.
pub(crate) async fn load(bus: &Bus, id: &WorldId, min_seq: Seq) -> Result<World, LoadError> {
    let read_error = |source| LoadError::read(id, source);
    let mut min_seq = min_seq;
    loop {
        let stored = bus.snapshots().load(id).await.map_err(read_error)?;
        let mut world = stored
            .and_then(|(_, state)| restore(id, &state))
            .unwrap_or_else(|| World::new(id.clone()));
        replay(bus, &mut world, Seq::MAX, &mut 0).await?;
        if world.seq >= min_seq {
            return Ok(world);
        }
        // The read was served by a replica that lags behind, or the log was purged: only its leader
        // knows which.
        tokio::time::sleep(LAG_PAUSE).await;
        min_seq = min_seq.min(bus.log().last_seq(id).await.map_err(read_error)?);
    }
}

/// The state of a world as it was after the commit `at`: after its first one when it began later, unless an earlier
/// world of its id was there until then.
pub(crate) async fn load_at(bus: &Bus, id: &WorldId, at: Seq) -> Result<World, LoadError> {
    let start = bus.log().start(id).await;
    let start = start.map_err(|source| LoadError::read(id, source))?;
    let at = match start {
        Some(start) if start.earlier_deleted_at.is_none() => at.max(start.first),
        _ => at,
    };
    let mut until = at;
    loop {
        let (world, complete) = fold_until(bus, id, until).await?;
        if world.applying().is_none() {
            return Ok(world);
        }
        // A description was being applied: the world is shown as it was before.
        until = complete;
    }
}

/// The state of a world as it was after the commit `at`, and the last commit after which all that was described was
/// applied.
async fn fold_until(bus: &Bus, id: &WorldId, at: Seq) -> Result<(World, Seq), LoadError> {
    let mut world = load_snapshot_until(bus, id, at).await?;
    let mut complete = world.seq;
    // The log has a commit after `at`. A read that does not find it was served by a replica that lags
    // behind, or the log was purged.
    while !replay(bus, &mut world, at, &mut complete).await? && world.seq < at {
        let last = bus.log().last_seq(id).await;
        let last = last.map_err(|source| LoadError::read(id, source))?;
        if last <= at {
            break;
        }
        tokio::time::sleep(LAG_PAUSE).await;
    }
    Ok((world, complete))
}

/// The newest stored state of a world that has no commit after `at`, or none of it.
async fn load_snapshot_until(bus: &Bus, id: &WorldId, at: Seq) -> Result<World, LoadError> {
    let read_error = |source| LoadError::read(id, source);
    let past = bus.past_snapshots().load_until(id, at).await;
    let past = past.map_err(read_error)?;
    let newest = bus.snapshots().load(id).await.map_err(read_error)?;
    let stored = [past, newest].into_iter().flatten();
    let stored = stored
        .filter(|(seq, _)| *seq <= at)
        .max_by_key(|(seq, _)| *seq);
    let Some((seq, state)) = stored else {
        return Ok(World::new(id.clone()));
    };
    let first = bus.log().read_some(id, 0, 1).await.map_err(read_error)?;
    // One of a world that was deleted, late, is of no moment of the log.
    let is_of_log = first.first().is_some_and(|entry| entry.seq <= seq);
    let world = is_of_log.then(|| restore(id, &state)).flatten();
    Ok(world.unwrap_or_else(|| World::new(id.clone())))
}

/// Folds the log up to the commit `until`, and returns whether there is one after it. `complete` becomes the last
/// commit after which no description was being applied.
async fn replay(
    bus: &Bus,
    world: &mut World,
    until: Seq,
    complete: &mut Seq,
) -> Result<bool, LoadError> {
    loop {
        let id = world.id.clone();
        let read_error = |source| LoadError::read(&id, source);
        let entries = bus.log().read(&id, world.seq).await.map_err(read_error)?;
        if entries.is_empty() {
            return Ok(false);
        }
        for entry in entries {
            if entry.seq > until {
                return Ok(true);
            }
            let commit = entry.commit().map_err(read_error)?;
            if commit.rules > rules::VERSION {
                return Err(LoadError::NewerRules {
                    world: id,
                    seq: entry.seq,
                    newer: commit.rules,
                });
            }
            rules::replay(world, entry.seq, &commit).map_err(|source| LoadError::Replay {
                world: id.clone(),
                seq: entry.seq,
                source,
            })?;
            if world.applying().is_none() {
                *complete = world.seq;
            }
        }
    }
}

/// The world of a snapshot; `None` when it is to be replayed from its log instead.
fn restore(id: &WorldId, state: &[u8]) -> Option<World> {
    snapshot::decode(state).unwrap_or_else(|error| {
        warn!(world.id = %id, error = %ErrorChain(&error), "malformed snapshot, replaying the log");
        None
    })
}
