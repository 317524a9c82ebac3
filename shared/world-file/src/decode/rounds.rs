//! Decodes until all errors are known.

use std::cell::RefCell;
use std::collections::HashSet;

use serde::Deserialize;

use super::error::{Error, Kind};
use super::pass::Pass;
use super::trail::{NodeId, Segment, Trail};
use super::value::Value;
use crate::fault::Fault;
use crate::yaml::Node;

/// Errors of one text: more are of no use.
const FAULTS_MAX: usize = 100;
/// A bound for texts whose errors are all inside of one another.
const ROUNDS_MAX: usize = 400;

/// Decodes a tree; `root` is its path in the file.
///
/// # Errors
/// All that is wrong with it, in the order of the text.
pub(crate) fn decode<'n, T: Deserialize<'n>>(node: &'n Node, root: &str) -> Result<T, Vec<Fault>> {
    let mut left_out = HashSet::new();
    let mut faults: Vec<Fault> = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let pass = Pass {
            root,
            left_out: &left_out,
            unknown: RefCell::default(),
        };
        let trail = Trail {
            parent: None,
            segment: Segment::Root,
            node,
        };
        let decoded = T::deserialize(Value::new(&trail, &pass));
        let unknown = pass.unknown.into_inner();
        let next = match decoded {
            Ok(value) if faults.is_empty() && unknown.is_empty() => return Ok(value),
            Ok(_) => None,
            Err(error) => first_not_in(&left_out, &mut faults, error),
        };
        for fault in unknown {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        match next {
            Some(node) if faults.len() < FAULTS_MAX => left_out.insert(node),
            _ => break,
        };
    }
    faults.sort_by_key(|fault| fault.position);
    faults.truncate(FAULTS_MAX);
    Err(faults)
}

/// Notes an error, and returns what to leave out because of it: the innermost value that is not yet.
fn first_not_in(
    left_out: &HashSet<NodeId>,
    faults: &mut Vec<Fault>,
    error: Error,
) -> Option<NodeId> {
    let place = error.place?;
    let is_new = match error.kind {
        Kind::Invalid => true,
        Kind::LeftOut => false,
        // The field may be one of those that are left out.
        Kind::Missing => place
            .nodes
            .first()
            .is_none_or(|node| !left_out.contains(node)),
    };
    if is_new && !faults.contains(&place.fault) {
        faults.push(place.fault);
    }
    place
        .nodes
        .into_iter()
        .find(|node| !left_out.contains(node))
}
