//! The encoding of a snapshot: the state of a world, and the version of the rules that wrote it.

use rules::World;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Encoded<'a> {
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

pub(crate) fn encode(world: &World) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Encoded {
        version: rules::VERSION,
        world,
    })
}

/// Decodes a snapshot. One of other rules is `None`: after an upgrade every world has one.
pub(crate) fn decode(state: &[u8]) -> serde_json::Result<Option<World>> {
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
        let state = encode(&world).unwrap();
        let again = decode(&state).unwrap().unwrap();
        assert_eq!(encode(&again).unwrap(), state);
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
