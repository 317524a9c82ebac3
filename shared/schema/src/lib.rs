//! JSON Schemas of event types and states: parsed, compared, and used to check values.
//!
//! It supports the part of JSON Schema (draft 2020-12) that worlds use, and is deterministic within
//! a limited number of steps: no I/O, no clock, no reference outside of the document. It knows
//! neither events nor worlds, only JSON.
//!
//! The crate `jsonschema` supports more, and the tests compare this one with it. It is not used
//! itself: a check of 40 references may take it 2^40 steps, and so may the diagnostics of a schema
//! that refers to itself; and clients choose the schemas that they register.
//!
//! A schema is parsed once into a list of nodes ([`Schema::parse`]) that refer to each other by
//! index, so that schemas may refer to themselves. Start with `node`, the constraints that a schema
//! can have; then `check` (does this value fit?) and `compare` (does all that fitted still fit?).

mod check;
mod compare;
mod constraints;
mod fault;
mod kind;
mod node;
mod number;
mod parse;
mod path;
mod schema;
mod value;

pub use compare::{Incompatibility, incompatibilities};
pub use fault::Fault;
pub use parse::InvalidSchema;
pub use schema::Schema;
