//! SQLite: a file on the machine of the process.

use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteQueryResult,
    SqliteSynchronous,
};
use sqlx::{Sqlite as Driver, SqlitePool};

use super::backend::{self, Backend, TransactionOutcome};
use super::error::Error;
use super::limits::{ARCHIVE_CONNECTIONS, READ_TIMEOUT};
use super::record::Record;
use super::statement::Statement;

/// How long one process waits for another that writes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A SQLite database: one connection writes, others read at the same time.
#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    file: std::path::PathBuf,
}

impl Sqlite {
    pub(super) fn open(url: &str, queries_max: u32) -> Result<Self, Error> {
        let options: SqliteConnectOptions =
            url.parse().map_err(|source| Error::InvalidUrl { source })?;
        let file = options.get_filename().to_owned();
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            // Rows are written in the order of their keys, many at a time: larger pages and fewer
            // checkpoints write fewer pages twice. 64 MiB of journal at most.
            .page_size(16 << 10)
            .pragma("wal_autocheckpoint", "4096")
            // A batch fits in memory until it is committed; otherwise its pages are written repeatedly.
            .pragma("cache_size", "-65536")
            // A statement of many rows keeps what it overwrites until it ends: not in a file.
            .pragma("temp_store", "memory")
            // The checkpoint must survive a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(READ_TIMEOUT)
                .max_lifetime(None)
        };
        let writer = pool()
            .max_connections(1)
            .connect_lazy_with(options.clone().create_if_missing(true));
        let readers = pool()
            .max_connections(queries_max + ARCHIVE_CONNECTIONS)
            .connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self {
            writer,
            readers,
            file,
        })
    }

    pub(super) async fn migrate(&self) -> Result<(), Error> {
        if let Some(folder) = self.file.parent() {
            tokio::fs::create_dir_all(folder)
                .await
                .map_err(|source| Error::CreateFolder { source })?;
        }
        sqlx::migrate!("migrations/sqlite")
            .run(&self.writer)
            .await
            .map_err(|source| Error::Migrate { source })
    }

    pub(super) async fn fetch<T: Record>(&self, statement: Statement) -> sqlx::Result<Vec<T>> {
        backend::fetch(&self.readers, statement).await
    }

    pub(super) async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> sqlx::Result<TransactionOutcome> {
        // A transaction that begins to write only later fails at once when another process writes.
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        backend::commit_guarded(transaction, guard, statements).await
    }
}

impl Backend for Driver {
    fn with_placeholders(sql: String) -> String {
        sql
    }

    fn rows_affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }
}
