//! What a type of event may hold: JSON Schemas checked, compared, and used.
//!
//! It owns the part of JSON Schema (draft 2020-12) that a world understands, and gives the same
//! answer to the same question each time, within a known number of steps: no I/O, no clock, no
//! reference outside of the document. It knows neither events nor worlds: what it checks is JSON.
//!
//! The crate `jsonschema` understands more, and is what tests hold this one against. It is not used
//! itself: a check of 40 references may take it 2^40 steps, and so may the reasons of a refusal in a
//! schema that refers to itself; and whoever registers a schema chooses both.
//!
//! A schema is read once into a list of nodes ([`Schema::parse`]) that refer to each other by index,
//! so that one which refers to itself needs no care. Start with `node`, which says what a schema
//! can say; then `check` (does this value fit?) and `compare` (does all that fitted still fit?).

mod check;
mod compare;
mod complaint;
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
