//! What works on a system itself, without a gateway: `manyworlds up`, which runs all services and a nats-server on one
//! machine, in one process and its child; and backups, and the archive, of such a system or of any.

mod backup;
mod config;
mod data_folder;
#[cfg(feature = "up")]
mod ready;
mod rebuild;
#[cfg(feature = "up")]
mod run;
#[cfg(feature = "up")]
mod services;

pub use backup::{BackupOptions, RestoreOptions, backup, restore};
pub use config::Config;
pub use rebuild::{RebuildOptions, rebuild};
#[cfg(feature = "up")]
pub use run::{Options, up};
