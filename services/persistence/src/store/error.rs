//! Errors of the database.

use sqlx::migrate::MigrateError;

/// The codes of a full disk: `disk_full` of PostgreSQL, `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE`, which
/// SQLite reports when it can't enlarge the index of its journal (source: their lists of codes).
const DISK_FULL_CODES: [&str; 3] = ["53100", "13", "4874"];
/// The codes of a file that is no database, or not all of one: `SQLITE_CORRUPT`, those that SQLite derives from it, and
/// `SQLITE_NOTADB` (source: its list of codes).
const MALFORMED_CODES: [&str; 5] = ["11", "267", "523", "779", "26"];

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("invalid database URL")]
    InvalidUrl { source: sqlx::Error },
    #[error("a database URL is sqlite://FILE or postgres://…, not {scheme}:")]
    UnknownScheme { scheme: String },
    #[error("create the folder of the database")]
    CreateFolder { source: std::io::Error },
    #[error("migrate the database")]
    Migrate { source: MigrateError },
    #[error("read the database")]
    Read { source: sqlx::Error },
    #[error("write the database")]
    Write { source: sqlx::Error },
    #[error("the database did not respond in time")]
    Timeout,
    #[error("another file is in the place of the database")]
    Replaced,
    #[error("the file of the database is malformed")]
    Malformed,
    #[error("set the malformed file of the database aside")]
    SetAside { source: std::io::Error },
    #[error("the database did not store a batch in time")]
    WriteTimeout,
    #[error("invalid data in the database: {reason}")]
    InvalidData { reason: String },
}

impl Error {
    /// Whether a retry may succeed once the database is available again. The others need a person:
    /// an invalid URL, a database of another version, invalid data.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::InvalidUrl { .. } | Self::UnknownScheme { .. } | Self::InvalidData { .. } => {
                false
            }
            Self::Read { source } => !matches!(
                source,
                sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::Decode(_)
            ),
            // Another replica may migrate at the same time.
            Self::Migrate { source } => matches!(
                source,
                MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)
            ),
            Self::CreateFolder { .. }
            | Self::Write { .. }
            | Self::WriteTimeout
            | Self::Malformed
            | Self::SetAside { .. }
            | Self::Replaced
            | Self::Timeout => true,
        }
    }

    /// Whether it was a write that failed: what is stored may still be readable.
    pub(crate) fn is_of_write(&self) -> bool {
        matches!(self, Self::Write { .. } | Self::WriteTimeout)
    }

    /// Whether there was no space left for what was to be written.
    pub(crate) fn is_disk_full(&self) -> bool {
        match self {
            Self::CreateFolder { source } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => self.has_code(&DISK_FULL_CODES),
        }
    }

    /// Whether the file is no database any more, or not all of one.
    pub(crate) fn is_malformed(&self) -> bool {
        matches!(self, Self::Malformed) || self.has_code(&MALFORMED_CODES)
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        let source = match self {
            Self::Read { source }
            | Self::Write { source }
            | Self::Migrate {
                source: MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _),
            } => source,
            _ => return false,
        };
        let code = source.as_database_error().and_then(|error| error.code());
        code.is_some_and(|code| codes.contains(&&*code))
    }
}
