//! Worlds as files: YAML or JSON, with the fields of a [`WorldSpec`](contract::WorldSpec) and the id; and
//! behaviours as YAML.
//!
//! It owns the format of these files and their errors, which name the field or the line. It does no I/O
//! and does not know the rules of a world: whether a spec is allowed is decided when it is applied.
//!
//! Start with [`WorldFile::parse`], or [`parse_behaviour`].

mod behaviour_file;
mod decode;
mod error;
mod fault;
mod json;
mod nearest;
mod positions;
mod references;
mod sample_file;
mod schema;
mod world_file;
mod yaml;

pub use behaviour_file::parse_behaviour;
pub use error::Error;
pub use fault::{Fault, Position};
pub use json::to_json;
pub use positions::Positions;
pub use references::{check_references, worker_actions};
pub use schema::{json_schema, reference};
pub use world_file::WorldFile;
