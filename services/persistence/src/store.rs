//! The database: one set of statements, run by SQLite or by PostgreSQL.
//!
//! All SQL is written so that both understand it; what differs is in `sqlite`, `postgres` and the
//! migrations.

mod backend;
mod error;
mod limits;
mod postgres;
mod record;
mod sqlite;
mod statement;
mod tables;

use contract::Seq;

pub(crate) use self::backend::TransactionOutcome;
pub(crate) use self::error::Error;
use self::limits::{READ_TIMEOUT, WRITE_TIMEOUT};
use self::postgres::Postgres;
pub(crate) use self::record::{Record, to_unsigned};
use self::sqlite::Sqlite;
pub(crate) use self::statement::{Statement, Value, values_statements};
use self::tables::delete_all;
pub(crate) use self::tables::delete_worlds;

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// The database at `url`. It connects when it is first used.
    pub(crate) fn open(url: &str, queries_max: u32) -> Result<Self, Error> {
        match url.split(':').next().unwrap_or_default() {
            "sqlite" => Sqlite::open(url, queries_max).map(Self::Sqlite),
            "postgres" | "postgresql" => Postgres::open(url, queries_max).map(Self::Postgres),
            scheme => Err(Error::UnknownScheme {
                scheme: scheme.to_owned(),
            }),
        }
    }

    /// Creates or updates the tables.
    pub(crate) async fn migrate(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.migrate().await,
            Self::Postgres(postgres) => postgres.migrate().await,
        }
    }

    /// The SQL function that returns where one text is in another, byte for byte; 0 when it is not.
    /// `LIKE` would need its wildcards escaped, and ignores case on one of the two.
    pub(crate) fn position_function(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "instr",
            Self::Postgres(_) => "strpos",
        }
    }

    /// The rows that a statement selects.
    pub(crate) async fn fetch<T: Record>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        let fetched = async {
            match self {
                Self::Sqlite(sqlite) => sqlite.fetch(statement).await,
                Self::Postgres(postgres) => postgres.fetch(statement).await,
            }
        };
        tokio::time::timeout(READ_TIMEOUT, fetched)
            .await
            .map_err(|_| Error::Timeout)?
            .map_err(|source| Error::Read { source })
    }

    /// The last commit that the database holds.
    pub(crate) async fn checkpoint(&self) -> Result<Seq, Error> {
        let rows: Vec<(i64,)> = self
            .fetch(Statement::new("SELECT seq FROM checkpoint"))
            .await?;
        match rows.first() {
            Some((seq,)) => to_unsigned(*seq),
            None => Err(Error::InvalidData {
                reason: "there is no checkpoint".to_owned(),
            }),
        }
    }

    /// Runs `statements` and advances the checkpoint, all or nothing, if it is still at `from`.
    pub(crate) async fn advance_checkpoint(
        &self,
        from: Seq,
        to: Seq,
        statements: Vec<Statement>,
    ) -> Result<TransactionOutcome, Error> {
        let guard = Statement::new("UPDATE checkpoint SET seq = ? WHERE seq = ?")
            .bind(to)
            .bind(from);
        self.transaction(guard, statements).await
    }

    /// Empties every table, so that the whole log is archived again.
    pub(crate) async fn clear(&self) -> Result<(), Error> {
        let guard = Statement::new("UPDATE checkpoint SET seq = 0");
        self.transaction(guard, delete_all()).await.map(drop)
    }

    async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> Result<TransactionOutcome, Error> {
        let outcome = async {
            match self {
                Self::Sqlite(sqlite) => sqlite.transaction(guard, statements).await,
                Self::Postgres(postgres) => postgres.transaction(guard, statements).await,
            }
        };
        tokio::time::timeout(WRITE_TIMEOUT, outcome)
            .await
            .map_err(|_| Error::Timeout)?
            .map_err(|source| Error::Write { source })
    }
}
