//! PostgreSQL: a server that all replicas share.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult};
use sqlx::{PgPool, Postgres as Driver};

use super::backend::{self, Backend, TransactionOutcome};
use super::error::Error;
use super::limits::{ARCHIVE_CONNECTIONS, READ_TIMEOUT};
use super::record::Record;
use super::statement::Statement;

/// A PostgreSQL database.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    pub(super) fn open(url: &str, queries_max: u32) -> Result<Self, Error> {
        let options: PgConnectOptions =
            url.parse().map_err(|source| Error::InvalidUrl { source })?;
        let pool = PgPoolOptions::new()
            .max_connections(queries_max + ARCHIVE_CONNECTIONS)
            .acquire_timeout(READ_TIMEOUT)
            .connect_lazy_with(options.application_name("persistence"));
        Ok(Self { pool })
    }

    pub(super) async fn migrate(&self) -> Result<(), Error> {
        sqlx::migrate!("migrations/postgres")
            .run(&self.pool)
            .await
            .map_err(|source| Error::Migrate { source })
    }

    pub(super) async fn fetch<T: Record>(&self, statement: Statement) -> sqlx::Result<Vec<T>> {
        backend::fetch(&self.pool, statement).await
    }

    pub(super) async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> sqlx::Result<TransactionOutcome> {
        let transaction = self.pool.begin().await?;
        backend::commit_guarded(transaction, guard, statements).await
    }
}

impl Backend for Driver {
    /// `$1`, `$2`, … in place of each `?`: PostgreSQL knows no other placeholders.
    fn with_placeholders(sql: String) -> String {
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
            assert_eq!(Driver::with_placeholders(sql.to_owned()), expected);
        };
        check("a = ? AND b = ?", "a = $1 AND b = $2");
        check("SELECT 1", "SELECT 1");
    }
}
