//! The reader of our own format.

use contract::Rejection;
use contract::behaviour::Document;

use super::compose::compose;
use super::json::read;
use super::parsed::Parsed;

/// Reads a [`Document`], and puts its templates in place.
pub(in crate::behaviours) fn read_ours(json: &str) -> Result<Parsed, Rejection> {
    let document: Document = read(json)?;
    compose(&document)
}
