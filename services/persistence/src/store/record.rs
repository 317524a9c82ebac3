//! Rows of a table as they are read.

use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::error::Error;

/// A row that can be read from both databases.
pub(crate) trait Record:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<T> Record for T where
    T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

/// Defines a record: a struct whose fields are columns of the same names.
macro_rules! record {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident {
        $($(#[$doc:meta])* $column:ident: $type:ty,)+
    }) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$doc])* $column: $type,)+
        }

        impl<'r, R> sqlx::FromRow<'r, R> for $name
        where
            R: sqlx::Row,
            &'static str: sqlx::ColumnIndex<R>,
            $($type: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)+
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                Ok(Self {
                    $($column: row.try_get(stringify!($column))?,)+
                })
            }
        }
    };
}
pub(crate) use record;

/// Converts a number of the database that is never negative.
pub(crate) fn to_unsigned<T: TryFrom<i64>>(number: i64) -> Result<T, Error> {
    T::try_from(number).map_err(|_| Error::InvalidData {
        reason: format!("the number {number} is out of range"),
    })
}
