//! Worlds as files: YAML or JSON, with the fields of a [`WorldSpec`](contract::WorldSpec) and the id.
//!
//! It owns the format of a world file and its errors, which name the field or the line. It does no I/O
//! and does not know the rules of a world: whether a spec is allowed is decided when it is applied.
//!
//! Start with [`WorldFile::parse`].

mod error;
mod unknown_field;
mod world_file;

pub use error::Error;
pub use world_file::WorldFile;
