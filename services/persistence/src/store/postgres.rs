//! PostgreSQL: a server that all replicas share.

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres as Driver};

use super::{Applied, CONNECTIONS_OF_ITS_OWN, Error, Record, Statement, TIMEOUT, Value};

/// A server.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    pub(super) fn open(url: &str, queries_max: u32) -> Result<Self, Error> {
        let options: PgConnectOptions = url.parse().map_err(|source| Error::Address { source })?;
        let pool = PgPoolOptions::new()
            .max_connections(queries_max + CONNECTIONS_OF_ITS_OWN)
            .acquire_timeout(TIMEOUT)
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
        let mut query = sqlx::query_as(AssertSqlSafe(numbered(&statement.sql)));
        for value in statement.values {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            };
        }
        query.fetch_all(&self.pool).await
    }

    pub(super) async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> sqlx::Result<Applied> {
        let mut transaction = self.pool.begin().await?;
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

fn query(statement: Statement) -> sqlx::query::Query<'static, Driver, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(numbered(&statement.sql)));
    for value in statement.values {
        query = match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
        };
    }
    query
}

/// The same SQL with `$1`, `$2`, … in place of each `?`: PostgreSQL knows no other placeholder.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        numbered.push('$');
        numbered.push_str(&(index + 1).to_string());
        numbered.push_str(part);
    }
    numbered
}

#[cfg(test)]
mod tests {
    #[test]
    fn placeholders_are_numbered() {
        assert_eq!(super::numbered("a = ? AND b = ?"), "a = $1 AND b = $2");
        assert_eq!(super::numbered("SELECT 1"), "SELECT 1");
    }
}
