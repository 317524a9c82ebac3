//! Databases of tests, and what they hold, read without the archive.

use contract::WorldId;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;
use testkit::Database;

/// An empty database, of either kind.
pub(crate) enum TestDatabase {
    Sqlite(TempDir),
    Postgres(Database),
}

impl TestDatabase {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Database::create().await)
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                format!("sqlite://{}/data/archive.db", folder.path().display())
            }
            Self::Postgres(database) => database.url(),
        }
    }

    /// Executes statements on a connection of its own.
    pub(crate) async fn execute(&self, statements: &str) {
        match self {
            Self::Sqlite(_) => execute_sqlite(&self.url(), statements).await,
            Self::Postgres(_) => {
                let statements = AssertSqlSafe(statements.to_owned());
                let mut connection = PgConnection::connect(&self.url()).await.unwrap();
                let executed = sqlx::raw_sql(statements).execute(&mut connection).await;
                executed.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// The first column that a query selects, as texts: a text or a number.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let (url, query) = (self.url(), AssertSqlSafe(query.to_owned()));
        match self {
            Self::Sqlite(_) => {
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                let text = |row: &SqliteRow| match row.try_get::<String, _>(0) {
                    Ok(text) => text,
                    Err(_) => row.get::<i64, _>(0).to_string(),
                };
                rows.iter().map(text).collect()
            }
            Self::Postgres(_) => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                let text = |row: &PgRow| match row.try_get::<String, _>(0) {
                    Ok(text) => text,
                    Err(_) => row.get::<i64, _>(0).to_string(),
                };
                rows.iter().map(text).collect()
            }
        }
    }

    /// All tables that have rows about a world, whatever tables there are.
    pub(crate) async fn tables_with(&self, world: &WorldId) -> Vec<String> {
        let columns = match self {
            Self::Sqlite(_) => {
                "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND (c.name = 'world' OR m.name = 'worlds' AND c.name = 'id')"
            }
            Self::Postgres(_) => {
                "SELECT table_name || '.' || column_name FROM information_schema.columns \
                 WHERE table_schema = 'public' AND (column_name = 'world' \
                 OR table_name = 'worlds' AND column_name = 'id')"
            }
        };
        let columns = self.texts(columns).await;
        assert!(columns.len() >= 10, "{columns:?}");
        let mut found = Vec::new();
        for column in columns {
            let (table, name) = column.split_once('.').unwrap();
            let count = format!("SELECT count(*) FROM {table} WHERE {name} = '{world}'");
            if self.texts(&count).await != ["0"] {
                found.push(table.to_owned());
            }
        }
        found
    }

    /// SQLite: only before it is first used.
    pub(crate) async fn make_unavailable(&self) {
        match self {
            // A file has the path of its folder.
            Self::Sqlite(folder) => std::fs::write(folder.path().join("data"), "").unwrap(),
            Self::Postgres(database) => database.make_unavailable().await,
        }
    }

    pub(crate) async fn make_available(&self) {
        match self {
            Self::Sqlite(folder) => std::fs::remove_file(folder.path().join("data")).unwrap(),
            Self::Postgres(database) => database.make_available().await,
        }
    }
}

/// Executes statements on a connection of its own to a file.
pub(crate) async fn execute_sqlite(url: &str, statements: &str) {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let statements = AssertSqlSafe(statements.to_owned());
    let executed = sqlx::raw_sql(statements).execute(&mut connection).await;
    executed.unwrap();
    connection.close().await.unwrap();
}
