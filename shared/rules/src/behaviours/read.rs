//! Readers of both formats. What they make has the same form, in which every value has its path.

mod compose;
mod foreign;
mod foreign_lists;
mod json;
mod message;
mod ours;
mod parsed;
mod unknown_fields;

pub(super) use foreign::read_foreign;
pub(super) use ours::read_ours;
pub(super) use parsed::{Located, Parsed, ParsedAction, ParsedState, ParsedTransition};
