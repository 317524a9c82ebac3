//! The database: one set of statements, run by SQLite or by PostgreSQL.
//!
//! Everything is written in one SQL that both understand; what differs is in `sqlite`, `postgres`
//! and the migrations.

mod postgres;
mod sqlite;
mod statement;

use std::time::Duration;

use contract::Seq;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, migrate::MigrateError};

use self::postgres::Postgres;
use self::sqlite::Sqlite;
pub(crate) use self::statement::{Statement, Value, for_rows};

/// A database that has not answered within this long is away.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A batch that has not been stored within this long is tried again: it holds megabytes at most.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// Connections beside those of queries: the archive writes, and looks at its checkpoint.
const CONNECTIONS_OF_ITS_OWN: u32 = 2;
/// Every table that is filled from the log.
const TABLES: [&str; 6] = ["events", "messages", "chats", "entities", "usage", "worlds"];

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the database's address makes no sense")]
    Address { source: sqlx::Error },
    #[error("a database is sqlite://FILE or postgres://…, not {scheme}:")]
    Scheme { scheme: String },
    #[error("create the database's folder")]
    Folder { source: std::io::Error },
    #[error("migrate the database")]
    Migrate { source: MigrateError },
    #[error("read the database")]
    Read { source: sqlx::Error },
    #[error("write the database")]
    Write { source: sqlx::Error },
    #[error("the database did not answer in time")]
    Timeout,
    #[error("a row of the database makes no sense: {what}")]
    Row { what: String },
}

impl Error {
    /// Whether a database that is there again may do it. The rest needs a person: an address, a database
    /// of another version, a row that makes no sense.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Address { .. } | Self::Scheme { .. } | Self::Row { .. } => false,
            Self::Read { source } => !matches!(
                source,
                sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::Decode(_)
            ),
            // Another replica may be at it, too.
            Self::Migrate { source } => matches!(
                source,
                MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)
            ),
            Self::Folder { .. } | Self::Write { .. } | Self::Timeout => true,
        }
    }
}

/// A row that both databases can give.
pub(crate) trait Record:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<T> Record for T where
    T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

/// Whether a transaction took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Yes,
    /// The checkpoint is not where the writer believed: another one wrote.
    Conflict,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// A database that is connected to when it is first used.
    pub(crate) fn open(url: &str, queries_max: u32) -> Result<Self, Error> {
        match url.split(':').next().unwrap_or_default() {
            "sqlite" => Sqlite::open(url, queries_max).map(Self::Sqlite),
            "postgres" | "postgresql" => Postgres::open(url, queries_max).map(Self::Postgres),
            scheme => Err(Error::Scheme {
                scheme: scheme.to_owned(),
            }),
        }
    }

    /// Brings the tables to what this version needs.
    pub(crate) async fn migrate(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.migrate().await,
            Self::Postgres(postgres) => postgres.migrate().await,
        }
    }

    /// The function that tells where one text is in another, byte for byte; 0 when it is not.
    /// `LIKE` would need its wildcards escaped, and ignores case on one of the two.
    pub(crate) fn find_function(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "instr",
            Self::Postgres(_) => "strpos",
        }
    }

    /// The rows that a statement gives.
    pub(crate) async fn fetch<T: Record>(&self, statement: Statement) -> Result<Vec<T>, Error> {
        let fetched = async {
            match self {
                Self::Sqlite(sqlite) => sqlite.fetch(statement).await,
                Self::Postgres(postgres) => postgres.fetch(statement).await,
            }
        };
        tokio::time::timeout(TIMEOUT, fetched)
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
            None => Err(Error::Row {
                what: "there is no checkpoint".to_owned(),
            }),
        }
    }

    /// Runs `statements` and moves the checkpoint, all or nothing, if it is still at `from`.
    pub(crate) async fn advance(
        &self,
        from: Seq,
        to: Seq,
        statements: Vec<Statement>,
    ) -> Result<Applied, Error> {
        let guard = Statement::new("UPDATE checkpoint SET seq = ? WHERE seq = ?")
            .bind(to)
            .bind(from);
        self.transaction(guard, statements).await
    }

    /// Empties every table, so that the whole log is archived again.
    pub(crate) async fn clear(&self) -> Result<(), Error> {
        let guard = Statement::new("UPDATE checkpoint SET seq = 0");
        let statements = TABLES
            .iter()
            .map(|table| Statement::new(format!("DELETE FROM {table}")))
            .collect();
        self.transaction(guard, statements).await.map(drop)
    }

    async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> Result<Applied, Error> {
        let applied = async {
            match self {
                Self::Sqlite(sqlite) => sqlite.transaction(guard, statements).await,
                Self::Postgres(postgres) => postgres.transaction(guard, statements).await,
            }
        };
        tokio::time::timeout(WRITE_TIMEOUT, applied)
            .await
            .map_err(|_| Error::Timeout)?
            .map_err(|source| Error::Write { source })
    }
}

/// Statements that remove all rows of these worlds.
pub(crate) fn remove_worlds(worlds: &[Value]) -> Vec<Statement> {
    let rows: Vec<Vec<Value>> = worlds.iter().map(|id| vec![id.clone()]).collect();
    TABLES
        .iter()
        .flat_map(|table| {
            let column = if *table == "worlds" { "id" } else { "world" };
            for_rows(
                &format!("DELETE FROM {table} WHERE {column} IN ("),
                rows.clone(),
                ")",
            )
        })
        .collect()
}

/// A number of the database that is never negative.
pub(crate) fn to_unsigned<T: TryFrom<i64>>(number: i64) -> Result<T, Error> {
    T::try_from(number).map_err(|_| Error::Row {
        what: format!("the number {number} is out of range"),
    })
}
