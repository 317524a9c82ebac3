//! The database: one set of statements, run by SQLite or by PostgreSQL.
//!
//! All SQL is written so that both understand it; what differs is in `sqlite`, `postgres` and the
//! migrations.

mod backend;
mod borrowed_connection;
mod checkpoint;
mod error;
mod limits;
mod migrations;
mod postgres;
mod record;
mod sqlite;
mod statement;
mod tables;
#[cfg(test)]
mod tests;

use contract::{Seq, WorldId};

pub(crate) use self::backend::TransactionOutcome;
pub(crate) use self::checkpoint::{Checkpoint, LogPosition, WorldRebuild};
use self::checkpoint::{CheckpointRow, SELECT_CHECKPOINT, SELECT_REBUILDS};
pub(crate) use self::error::Error;
use self::limits::{CLEAR_TIMEOUT, READ_TIMEOUT, WRITE_TIMEOUT};
use self::postgres::Postgres;
pub(crate) use self::record::{Record, record, to_unsigned};
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

    /// Whether another database is in the place of the one that was open: its tables may be those of an earlier
    /// version.
    pub(crate) async fn reopen_if_replaced(&self) -> bool {
        match self {
            Self::Sqlite(sqlite) => sqlite.reopen_if_replaced().await,
            // What a server restores, it restores behind the same connections.
            Self::Postgres(_) => false,
        }
    }

    /// Closes all connections. The file of SQLite then has everything: it has no journal any more, unless another process
    /// has it open.
    pub(crate) async fn close(&self) {
        if let Self::Sqlite(sqlite) = self {
            sqlite.close().await;
        }
    }

    /// Moves a malformed file aside: the next migration creates a database without rows.
    pub(crate) async fn set_aside(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.set_aside().await,
            // No error of it is one of a malformed file.
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Gives space of deleted rows back, some of it: to be called when there is nothing else to do.
    pub(crate) async fn release_space(&self) -> Result<(), Error> {
        let released = match self {
            Self::Sqlite(sqlite) => {
                tokio::time::timeout(WRITE_TIMEOUT, sqlite.release_space()).await
            }
            // Its own autovacuum does.
            Self::Postgres(_) => return Ok(()),
        };
        released
            .map_err(|_| Error::WriteTimeout)?
            .map_err(|source| Error::Write { source })
    }

    /// How far the database has come.
    pub(crate) async fn checkpoint(&self) -> Result<Checkpoint, Error> {
        let rows: Vec<CheckpointRow> = self.fetch(Statement::new(SELECT_CHECKPOINT)).await?;
        let Some(row) = rows.into_iter().next() else {
            return Err(Error::InvalidData {
                reason: "there is no checkpoint".to_owned(),
            });
        };
        let rebuilds = match row.6 {
            0 => Vec::new(),
            _ => self.fetch(Statement::new(SELECT_REBUILDS)).await?,
        };
        checkpoint::checkpoint_of(row, rebuilds)
    }

    /// Runs `statements` and advances the checkpoint, all or nothing, if it is still at `from`, and no world
    /// is to be rebuilt up to there.
    pub(crate) async fn advance_checkpoint(
        &self,
        from: &Checkpoint,
        to: &LogPosition,
        statements: Vec<Statement>,
    ) -> Result<TransactionOutcome, Error> {
        self.transaction(checkpoint::advance(from, to), statements)
            .await
    }

    /// Notes the identity of the commit at which the checkpoint is.
    pub(crate) async fn identify_checkpoint(
        &self,
        at: &Checkpoint,
        identity: &LogPosition,
    ) -> Result<TransactionOutcome, Error> {
        self.transaction(checkpoint::identify(at, identity), Vec::new())
            .await
    }

    /// Deletes all rows of these worlds, if the checkpoint is still where it was.
    pub(crate) async fn remove_worlds(
        &self,
        at: &Checkpoint,
        worlds: &[WorldId],
    ) -> Result<TransactionOutcome, Error> {
        let ids: Vec<Value> = worlds.iter().map(|world| world.as_str().into()).collect();
        self.transaction(checkpoint::identify(at, &at.position), delete_worlds(&ids))
            .await
    }

    /// Empties every table, so that the whole log is archived again; that is complete at commit `until`.
    pub(crate) async fn begin_rebuild(&self, until: Seq) -> Result<(), Error> {
        let outcome = async {
            let guard = checkpoint::reset(until);
            match self {
                Self::Sqlite(sqlite) => sqlite.transaction(guard, delete_all("DELETE FROM")).await,
                // Much faster, but unknown to SQLite, which does the same by itself.
                Self::Postgres(postgres) => {
                    postgres.transaction(guard, delete_all("TRUNCATE")).await
                }
            }
        };
        tokio::time::timeout(CLEAR_TIMEOUT, outcome)
            .await
            .map_err(|_| Error::WriteTimeout)?
            .map_err(|source| Error::Write { source })
            .map(drop)
    }

    /// Ends a rebuild of everything that is complete, although its last commits are gone.
    pub(crate) async fn end_rebuild(&self, at: &Checkpoint) -> Result<TransactionOutcome, Error> {
        self.transaction(checkpoint::end_rebuild(at), Vec::new())
            .await
    }

    /// Has a world archived again.
    pub(crate) async fn request_world_rebuild(&self, world: &WorldId) -> Result<(), Error> {
        let request = checkpoint::request_world_rebuild(world);
        self.transaction(request, Vec::new()).await.map(drop)
    }

    /// Deletes the rows of a world that is to be archived again.
    pub(crate) async fn begin_world_rebuild(
        &self,
        world: &WorldId,
    ) -> Result<TransactionOutcome, Error> {
        let mut statements = delete_worlds(&[world.as_str().into()]);
        statements.push(Statement::new(
            "UPDATE checkpoint SET generation = generation + 1",
        ));
        self.transaction(
            checkpoint::advance_world_rebuild(world, None, 0),
            statements,
        )
        .await
    }

    /// Runs `statements`, which archive commits of a world again, if it is archived up to `from`.
    pub(crate) async fn advance_world_rebuild(
        &self,
        world: &WorldId,
        from: Seq,
        to: Seq,
        statements: Vec<Statement>,
    ) -> Result<TransactionOutcome, Error> {
        let guard = checkpoint::advance_world_rebuild(world, Some(from), to);
        self.transaction(guard, statements).await
    }

    /// Ends the rebuild of a world that is complete at commit `at`.
    pub(crate) async fn end_world_rebuild(
        &self,
        world: &WorldId,
        at: Seq,
    ) -> Result<TransactionOutcome, Error> {
        self.transaction(checkpoint::end_world_rebuild(world, at), Vec::new())
            .await
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
            .map_err(|_| Error::WriteTimeout)?
            .map_err(|source| Error::Write { source })
    }
}
