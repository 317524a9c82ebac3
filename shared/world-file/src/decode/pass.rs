//! What the values of one decoding have in common.

use std::cell::RefCell;
use std::collections::HashSet;

use super::trail::NodeId;
use crate::fault::Fault;

/// One decoding of a tree.
pub(super) struct Pass<'p> {
    /// The path of the root of the tree.
    pub(super) root: &'p str,
    /// What is left out, because an earlier one found it at fault.
    pub(super) left_out: &'p HashSet<NodeId>,
    /// Fields that a type does not have.
    pub(super) unknown: RefCell<Vec<Fault>>,
}
