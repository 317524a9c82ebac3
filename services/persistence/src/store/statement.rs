//! Statements as values, so that they can be written without a database.

/// How many rows one statement may take, largest first. Few sizes, so that each is prepared once a
/// connection; the largest stays below SQLite's 32,766 values (source: SQLite, "Limits").
const ROWS: [usize; 4] = [512, 64, 8, 1];

/// A value that a statement binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(i64),
    Text(Option<String>),
}

/// Numbers of the log that are too large for a database are none that it ever gives.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        // PostgreSQL holds no NUL in a text. An event's JSON has none: there it is escaped.
        Self::Text(Some(if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        }))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Text(None), Self::from)
    }
}

/// SQL with a `?` for each value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Statement {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            values: Vec::new(),
        }
    }

    /// Adds SQL: never what a caller sent, which is bound.
    pub(crate) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
    }
}

/// Statements of the form `{before} VALUES (…), (…) {behind}` that take all `rows`.
pub(crate) fn for_rows(before: &str, rows: Vec<Vec<Value>>, behind: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for size in ROWS {
        while left >= size {
            left -= size;
            let mut statement = Statement::new(format!("{before} VALUES "));
            for (index, row) in rows.by_ref().take(size).enumerate() {
                statement.push(if index == 0 { "(" } else { ", (" });
                for column in 0..row.len() {
                    statement.push(if column == 0 { "?" } else { ", ?" });
                }
                statement.push(")");
                statement.values.extend(row);
            }
            statement.push(" ");
            statement.push(behind);
            statements.push(statement);
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_spread_over_few_sizes_of_statements() {
        let rows: Vec<Vec<Value>> = (0..521_i64)
            .map(|row| vec![row.into(), "x".into()])
            .collect();
        let statements = for_rows(
            "INSERT INTO t (a, b)",
            rows.clone(),
            "ON CONFLICT DO NOTHING",
        );
        let sizes: Vec<usize> = statements.iter().map(|one| one.values.len() / 2).collect();
        assert_eq!(sizes, [512, 8, 1]);
        let values: Vec<Value> = statements
            .iter()
            .flat_map(|one| one.values.clone())
            .collect();
        assert_eq!(values, rows.concat());
        assert_eq!(
            statements[2].sql,
            "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
        );
        assert!(for_rows("DELETE", Vec::new(), "").is_empty());
    }

    #[test]
    fn a_text_has_no_nul() {
        assert_eq!(Value::from("a\0b"), Value::Text(Some("a\u{fffd}b".into())));
    }
}
