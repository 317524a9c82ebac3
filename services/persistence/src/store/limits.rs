//! The limits of both databases.

use std::time::Duration;

/// A database that has not responded within this long is unavailable.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(3);
/// A batch that has not been stored within this long is retried: it holds megabytes at most.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// As long may it take to empty all tables: SQLite visits every page for that.
pub(super) const CLEAR_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Connections in addition to those of queries: for the checkpoint, and what is compared with the log.
pub(super) const ARCHIVE_CONNECTIONS: u32 = 2;
