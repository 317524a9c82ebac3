//! Whether everything that fitted one schema fits another.
//!
//! The old schema is a [`view::View`]: the constraints that several of its nodes put on one value
//! together. The new schema is compared keyword by keyword: each must follow from the view. Whatever
//! can't be shown to follow counts as incompatible, so that "compatible" is reliable.

mod combinators;
mod comparer;
mod counts;
mod equivalence;
mod fields;
mod incompatibility;
mod items;
mod scalar;
mod view;

use self::comparer::Comparer;
pub use self::incompatibility::Incompatibility;
use crate::schema::Schema;

/// What fits `old` and may not fit `new`, sorted by path; empty if each value that fits `old` fits
/// `new`.
///
/// In doubt it reports an incompatibility: a constraint that it can't compare counts, unless it is
/// the same in both.
pub fn incompatibilities(old: &Schema, new: &Schema) -> Vec<Incompatibility> {
    Comparer::new(old, new).run()
}
