//! SQLite: a file beside the process.

use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Sqlite as Driver, SqlitePool};

use super::{Applied, CONNECTIONS_OF_ITS_OWN, Error, Record, Statement, TIMEOUT, Value};

/// How long one process waits for another that writes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A file: one connection writes, a few read beside it.
#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    file: std::path::PathBuf,
}

impl Sqlite {
    pub(super) fn open(url: &str, readers_max: u32) -> Result<Self, Error> {
        let options: SqliteConnectOptions =
            url.parse().map_err(|source| Error::Address { source })?;
        let file = options.get_filename().to_owned();
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            // Rows come in the order of their keys, many at a time: larger pages and rarer checkpoints
            // write less of the same twice. 64 MiB of journal at most.
            .page_size(16 << 10)
            .pragma("wal_autocheckpoint", "4096")
            // A batch stays in memory until it is committed, or its pages are written more than once.
            .pragma("cache_size", "-65536")
            // What the checkpoint says must survive a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(TIMEOUT)
                .max_lifetime(None)
        };
        let writer = pool()
            .max_connections(1)
            .connect_lazy_with(options.clone().create_if_missing(true));
        let readers = pool()
            .max_connections(readers_max + CONNECTIONS_OF_ITS_OWN)
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
                .map_err(|source| Error::Folder { source })?;
        }
        sqlx::migrate!("migrations/sqlite")
            .run(&self.writer)
            .await
            .map_err(|source| Error::Migrate { source })
    }

    pub(super) async fn fetch<T: Record>(&self, statement: Statement) -> sqlx::Result<Vec<T>> {
        let mut query = sqlx::query_as(AssertSqlSafe(statement.sql));
        for value in statement.values {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            };
        }
        query.fetch_all(&self.readers).await
    }

    pub(super) async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> sqlx::Result<Applied> {
        // A transaction that only later begins to write fails at once when another process writes.
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        if query(guard)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            == 0
        {
            transaction.rollback().await?;
            return Ok(Applied::Conflict);
        }
        for statement in statements {
            query(statement).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(Applied::Yes)
    }
}

fn query(statement: Statement) -> sqlx::query::Query<'static, Driver, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(statement.sql));
    for value in statement.values {
        query = match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
        };
    }
    query
}
