//! Waking a world: its newest snapshot, and what its log says since.

use std::time::Duration;

use bus::{Bus, Error};
use contract::{Seq, WorldId};
use serde::{Deserialize, Serialize};
use service_kit::ErrorChain;
use tracing::warn;

use rules::{self, World};

/// Pause before a log is read again whose end was not there yet.
const LAG_PAUSE: Duration = Duration::from_millis(20);

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    world: &'a World,
}

/// What every snapshot begins with, whichever rules wrote it.
#[derive(Deserialize)]
struct Header {
    version: u32,
}

#[derive(Deserialize)]
struct Body {
    world: World,
}

/// Why a world can't be woken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WakeError {
    /// The log can't be read now.
    #[error("read the log of {world}")]
    Read { world: WorldId, source: Error },
    /// The log holds what the rules do not understand. A person must look.
    #[error("replay the commit {seq} of {world}")]
    Replay {
        world: WorldId,
        seq: Seq,
        source: serde_json::Error,
    },
}

impl WakeError {
    fn read(world: &WorldId, source: Error) -> Self {
        let world = world.clone();
        Self::Read { world, source }
    }
}

/// The state as it is kept.
pub(crate) fn write(world: &World) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Written {
        version: rules::VERSION,
        world,
    })
}

/// The state of a world, at least as new as the commit `end`, unless that is purged meanwhile.
pub(crate) async fn wake(bus: &Bus, id: &WorldId, end: Seq) -> Result<World, WakeError> {
    let read_error = |source| WakeError::read(id, source);
    let mut end = end;
    loop {
        let kept = bus.snapshots().load(id).await.map_err(read_error)?;
        let mut world = kept
            .and_then(|(_, state)| restore(id, &state))
            .unwrap_or_else(|| World::new(id.clone()));
        replay(bus, &mut world, Seq::MAX).await?;
        if world.seq >= end {
            return Ok(world);
        }
        // A replica that lags behind knows less than the commit that sent us here, or the log was
        // purged: ask its leader again.
        tokio::time::sleep(LAG_PAUSE).await;
        end = end.min(bus.log().last_seq(id).await.map_err(read_error)?);
    }
}

/// The state of a world as it was after the commit `at`.
pub(crate) async fn past(bus: &Bus, id: &WorldId, at: Seq) -> Result<World, WakeError> {
    let mut world = World::new(id.clone());
    // A commit behind `at` is there. Who does not find it asked a replica that lags behind, or the log
    // was purged.
    while !replay(bus, &mut world, at).await? && world.seq < at {
        let end = bus.log().last_seq(id).await;
        let end = end.map_err(|source| WakeError::read(id, source))?;
        if end <= at {
            break;
        }
        tokio::time::sleep(LAG_PAUSE).await;
    }
    Ok(world)
}

/// Folds the log up to the commit `until`; whether there is one behind it.
async fn replay(bus: &Bus, world: &mut World, until: Seq) -> Result<bool, WakeError> {
    loop {
        let id = world.id.clone();
        let read_error = |source| WakeError::read(&id, source);
        let entries = bus.log().read(&id, world.seq).await.map_err(read_error)?;
        if entries.is_empty() {
            return Ok(false);
        }
        for entry in entries {
            if entry.seq > until {
                return Ok(true);
            }
            let commit = entry.commit().map_err(read_error)?;
            rules::replay(world, entry.seq, &commit).map_err(|source| WakeError::Replay {
                world: id.clone(),
                seq: entry.seq,
                source,
            })?;
        }
    }
}

/// The world of a snapshot; `None` when it is to be replayed from its log instead.
fn restore(id: &WorldId, state: &[u8]) -> Option<World> {
    decode(state).unwrap_or_else(|error| {
        warn!(world.id = %id, error = %ErrorChain(&error), "malformed snapshot, replaying the log");
        None
    })
}

/// Reads a snapshot. One that other rules wrote is `None`: after an upgrade every world has one.
fn decode(state: &[u8]) -> serde_json::Result<Option<World>> {
    let Header { version } = serde_json::from_slice(state)?;
    if version != rules::VERSION {
        return Ok(None);
    }
    let Body { world } = serde_json::from_slice(state)?;
    Ok(Some(world))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_of_this_build_is_read_again() {
        let world = World::new("lobby".parse().unwrap());
        let state = write(&world).unwrap();
        let again = decode(&state).unwrap().unwrap();
        assert_eq!(write(&again).unwrap(), state);
    }

    #[test]
    fn a_snapshot_of_other_rules_is_no_error_whatever_its_body_is() {
        for body in ["{}", "7", r#"{"id": "lobby"}"#] {
            for version in [rules::VERSION - 1, rules::VERSION + 1] {
                let state = format!(r#"{{"version": {version}, "world": {body}}}"#);
                assert!(decode(state.as_bytes()).unwrap().is_none(), "{state}");
            }
        }
    }

    #[test]
    fn a_malformed_snapshot_is_an_error() {
        let half = format!(r#"{{"version": {}, "world": {{}}}}"#, rules::VERSION);
        for state in ["", "{}", r#"{"world": {}}"#, &half] {
            assert!(decode(state.as_bytes()).is_err(), "{state}");
        }
    }
}
