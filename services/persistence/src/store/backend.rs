//! How both databases run statements.

use sqlx::query::Query;
use sqlx::{
    Arguments as _, AssertSqlSafe, Connection, Database, Encode, Executor, FromRow, IntoArguments,
    SqlSafeStr as _, Type,
};

use super::borrowed_connection::BorrowedConnection;
use super::statement::{Statement, Value};

/// Whether a transaction was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransactionOutcome {
    Committed,
    /// The checkpoint has changed: another replica has written.
    Conflict,
}

/// A database of sqlx that runs our statements.
pub(super) trait Backend: Database {
    /// SQL as this database has it: its placeholders for each `?`, and what it does at an error.
    fn translate(sql: String) -> String;

    fn rows_affected(result: &Self::QueryResult) -> u64;
}

/// The rows that a statement selects.
pub(super) async fn fetch<B, T>(
    connection: &mut BorrowedConnection<B>,
    statement: Statement,
) -> sqlx::Result<Vec<T>>
where
    B: Backend<Arguments: IntoArguments<B>>,
    i64: Encode<'static, B> + Type<B>,
    Option<String>: Encode<'static, B> + Type<B>,
    for<'c> &'c mut B::Connection: Executor<'c, Database = B>,
    T: for<'r> FromRow<'r, B::Row> + Send + Unpin,
{
    let arguments = arguments::<B>(statement.values)?;
    let sql = AssertSqlSafe(B::translate(statement.sql));
    sqlx::query_as_with(sql, arguments)
        .fetch_all(&mut **connection)
        .await
}

/// Runs `statements` in a transaction that starts with `begin`, and commits them if `guard` affects a row.
pub(super) async fn transaction<B>(
    mut connection: BorrowedConnection<B>,
    begin: &'static str,
    guard: Statement,
    statements: Vec<Statement>,
) -> sqlx::Result<TransactionOutcome>
where
    B: Backend<Arguments: IntoArguments<B>>,
    i64: Encode<'static, B> + Type<B>,
    Option<String>: Encode<'static, B> + Type<B>,
    for<'c> &'c mut B::Connection: Executor<'c, Database = B>,
{
    let mut transaction = connection.begin_with(begin.into_sql_str()).await?;
    let result = query::<B>(guard)?.execute(&mut *transaction).await?;
    if B::rows_affected(&result) == 0 {
        transaction.rollback().await?;
        connection.give_back();
        return Ok(TransactionOutcome::Conflict);
    }
    for statement in statements {
        query::<B>(statement)?.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    connection.give_back();
    Ok(TransactionOutcome::Committed)
}

fn query<B>(statement: Statement) -> sqlx::Result<Query<'static, B, B::Arguments>>
where
    B: Backend<Arguments: IntoArguments<B>>,
    i64: Encode<'static, B> + Type<B>,
    Option<String>: Encode<'static, B> + Type<B>,
{
    let arguments = arguments::<B>(statement.values)?;
    let sql = AssertSqlSafe(B::translate(statement.sql));
    Ok(sqlx::query_with(sql, arguments))
}

fn arguments<B>(values: Vec<Value>) -> sqlx::Result<B::Arguments>
where
    B: Database,
    i64: Encode<'static, B> + Type<B>,
    Option<String>: Encode<'static, B> + Type<B>,
{
    let mut arguments = B::Arguments::default();
    for value in values {
        match value {
            Value::Number(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
