//! Checks that chains of schemas about the same value end.

use super::error::InvalidSchema;
use crate::node::{Node, NodeId};

/// The longest chain of schemas about the same value: each link is a level of the stack.
const CHAIN_MAX: usize = 32;

/// Rejects schemas that lead back to themselves without descending into a part of the value: a check
/// against them would not end.
pub(super) fn check(nodes: &[Node], pointers: &[String]) -> Result<(), InvalidSchema> {
    let mut lengths = vec![Length::Unknown; nodes.len()];
    for id in 0..nodes.len() {
        measure_chain(nodes, pointers, &mut lengths, id, 0)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Length {
    Unknown,
    /// It is being measured.
    InProgress,
    Known(usize),
}

/// The length of the longest chain that begins at `id`; `above` links lead there.
fn measure_chain(
    nodes: &[Node],
    pointers: &[String],
    lengths: &mut [Length],
    id: NodeId,
    above: usize,
) -> Result<usize, InvalidSchema> {
    let invalid = |reason: String| Err(InvalidSchema::new(&pointers[id], reason));
    match lengths[id] {
        Length::Known(length) => return Ok(length),
        Length::InProgress => {
            return invalid("leads back to itself without going into a part of the value".into());
        }
        Length::Unknown => {}
    }
    let too_long = || format!("leads through more than {CHAIN_MAX} schemas about one value");
    // This limits the recursion, too.
    if above > CHAIN_MAX {
        return invalid(too_long());
    }
    lengths[id] = Length::InProgress;
    let mut longest = 0;
    for next in nodes[id].in_place() {
        longest = longest.max(measure_chain(nodes, pointers, lengths, next, above + 1)?);
    }
    let length = longest + 1;
    if length > CHAIN_MAX {
        return invalid(too_long());
    }
    lengths[id] = Length::Known(length);
    Ok(length)
}
