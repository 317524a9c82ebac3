//! `manyworlds backup` and `manyworlds restore`: all that must not be lost, in one file.

mod create;
mod file;
mod restore;
mod streams;
mod target;

pub use self::create::{BackupOptions, backup};
pub use self::restore::{RestoreOptions, restore};
