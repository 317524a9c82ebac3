//! Calls of the model of an agent that is a node of a flow: the node's session has their log, and its state.

use contract::tool::ToolCall;
use contract::{EntityId, Rejection};

use super::access::{access_of, authorize, needs_a_person};
use super::check::check_calls;
use super::limits::{CALLS_BYTES_MAX, SESSION_CALLS_MAX};
use super::loops::call_bytes;
use crate::world::World;

/// Why a call is refused that a person would have to permit, or to answer.
const NOBODY_TO_ASK: &str = "this needs a person, and nobody can be asked in a session";

/// The calls as the log has them: those that are refused have the reason. `open` calls of the same run have not
/// ended.
pub(crate) fn authorize_in_session(
    world: &World,
    agent: &EntityId,
    calls: &[ToolCall],
    open: usize,
) -> Result<Vec<ToolCall>, Rejection> {
    check_calls(calls)?;
    let access = access_of(world, agent);
    let mut bytes = 0;
    let mut room = SESSION_CALLS_MAX.saturating_sub(open);
    let calls = calls.iter().map(|call| {
        bytes += call_bytes(call);
        let fits = bytes <= CALLS_BYTES_MAX;
        let mut call = authorize(world, agent, call, fits, room > 0);
        if call.refused.is_none() && needs_a_person(world, &access, &call) {
            call.refused = Some(NOBODY_TO_ASK.to_owned());
        }
        room = room.saturating_sub(usize::from(call.refused.is_none()));
        call
    });
    Ok(calls.collect())
}
