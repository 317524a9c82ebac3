//! Decodes the tree of a text, with all that is wrong with it at once.
//!
//! `serde` stops at the first error. So a text with errors is decoded again without what was wrong, until
//! nothing else is. A field that a type does not have is an error at every depth: types that ignore unknown
//! fields in messages do not in files.

mod error;
mod pass;
mod rounds;
mod trail;
mod value;

pub(crate) use rounds::decode;
