//! PostgreSQL: a server that all replicas share.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult};
use sqlx::{Executor as _, PgPool, Postgres as Driver};

use super::backend::{self, Backend, TransactionOutcome};
use super::borrowed_connection::BorrowedConnection;
use super::error::Error;
use super::limits::{ARCHIVE_CONNECTIONS, READ_TIMEOUT};
use super::migrations;
use super::record::Record;
use super::statement::Statement;

/// The server ends a statement that nobody waits for any more: [`READ_TIMEOUT`] in milliseconds.
const LIMIT_READS: &str = "SET statement_timeout = 3000";
/// The same for writes, with [`WRITE_TIMEOUT`](super::limits::WRITE_TIMEOUT): a transaction holds the checkpoint.
const LIMIT_WRITES: &str =
    "SET statement_timeout = 60000; SET idle_in_transaction_session_timeout = 60000";
/// A migration may take longer.
const UNLIMITED: &str = "SET statement_timeout = 0";
/// A statement ends within a second when its client has closed the connection.
const NOTICE_LOST_CLIENTS: &str = "SET client_connection_check_interval = 1000";
/// One writes; another while the one before it is closed after an error.
const WRITER_CONNECTIONS: u32 = 2;

/// A PostgreSQL database.
#[derive(Clone)]
pub(crate) struct Postgres {
    writer: PgPool,
    readers: PgPool,
}

impl Postgres {
    pub(super) fn open(url: &str, queries_max: u32) -> Result<Self, Error> {
        let options: PgConnectOptions =
            url.parse().map_err(|source| Error::InvalidUrl { source })?;
        let options = options.application_name("persistence");
        let pool = |connections_max: u32, limit: &'static str| {
            PgPoolOptions::new()
                .max_connections(connections_max)
                .acquire_timeout(READ_TIMEOUT)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        // An older server does not know it: there the limit has to do.
                        let _unknown = (*connection).execute(NOTICE_LOST_CLIENTS).await;
                        (*connection).execute(limit).await.map(drop)
                    })
                })
                .connect_lazy_with(options.clone())
        };
        Ok(Self {
            writer: pool(WRITER_CONNECTIONS, LIMIT_WRITES),
            readers: pool(queries_max + ARCHIVE_CONNECTIONS, LIMIT_READS),
        })
    }

    pub(super) async fn migrate(&self) -> Result<(), Error> {
        let failed = |source: sqlx::Error| Error::Migrate {
            source: source.into(),
        };
        // It is not given back: its limit is another one.
        let mut connection = BorrowedConnection::acquire(&self.writer)
            .await
            .map_err(failed)?;
        connection.execute(UNLIMITED).await.map_err(failed)?;
        migrations::postgres()
            .run_direct(None, &mut *connection, false)
            .await
            .map_err(|source| Error::Migrate { source })
    }

    pub(super) async fn fetch<T: Record>(&self, statement: Statement) -> sqlx::Result<Vec<T>> {
        let mut connection = BorrowedConnection::acquire(&self.readers).await?;
        let rows = backend::fetch(&mut connection, statement).await?;
        connection.give_back();
        Ok(rows)
    }

    pub(super) async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> sqlx::Result<TransactionOutcome> {
        let connection = BorrowedConnection::acquire(&self.writer).await?;
        backend::transaction(connection, "BEGIN", guard, statements).await
    }
}

impl Backend for Driver {
    /// `$1`, `$2`, … in place of each `?`: PostgreSQL knows no other placeholders.
    fn translate(sql: String) -> String {
        let mut parts = sql.split('?');
        let mut numbered = parts.next().unwrap_or_default().to_owned();
        for (index, part) in parts.enumerate() {
            numbered.push('$');
            numbered.push_str(&(index + 1).to_string());
            numbered.push_str(part);
        }
        numbered
    }

    fn rows_affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered() {
        let check = |sql: &str, expected| {
            assert_eq!(Driver::translate(sql.to_owned()), expected);
        };
        check("a = ? AND b = ?", "a = $1 AND b = $2");
        check("SELECT 1", "SELECT 1");
    }
}
