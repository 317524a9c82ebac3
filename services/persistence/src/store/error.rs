//! Errors of the database.

use sqlx::migrate::MigrateError;

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
            Self::CreateFolder { .. } | Self::Write { .. } | Self::Timeout => true,
        }
    }
}
