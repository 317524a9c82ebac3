//! SQL statements as values: they are built without a database.

/// How many rows one statement takes, largest first. Few sizes, so that each is prepared once per
/// connection; the largest stays below SQLite's 32,766 values (source: SQLite, "Limits").
const ROW_COUNTS: [usize; 4] = [512, 64, 8, 1];

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(i64),
    Text(Option<String>),
}

/// The log never reaches numbers that are too large for a database.
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
        // PostgreSQL stores no NUL in a text. JSON has none: there it is escaped.
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

/// SQL with a `?` for each parameter.
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

    /// Appends SQL. Never append input of a client: bind it.
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

/// Statements of the form `{prefix} VALUES (…), (…) {suffix}` for all `rows`.
pub(crate) fn values_statements(
    prefix: &str,
    rows: Vec<Vec<Value>>,
    suffix: &str,
) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for count in ROW_COUNTS {
        while left >= count {
            left -= count;
            let mut statement = Statement::new(format!("{prefix} VALUES "));
            for (index, row) in rows.by_ref().take(count).enumerate() {
                statement.push(if index == 0 { "(" } else { ", (" });
                for column in 0..row.len() {
                    statement.push(if column == 0 { "?" } else { ", ?" });
                }
                statement.push(")");
                statement.values.extend(row);
            }
            statement.push(" ");
            statement.push(suffix);
            statements.push(statement);
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_split_into_statements_of_few_sizes() {
        let rows: Vec<Vec<Value>> = (0..521_i64)
            .map(|row| vec![row.into(), "x".into()])
            .collect();
        let statements = values_statements(
            "INSERT INTO t (a, b)",
            rows.clone(),
            "ON CONFLICT DO NOTHING",
        );
        let counts: Vec<usize> = statements
            .iter()
            .map(|statement| statement.values.len() / 2)
            .collect();
        assert_eq!(counts, [512, 8, 1]);
        let values: Vec<Value> = statements
            .iter()
            .flat_map(|statement| statement.values.clone())
            .collect();
        assert_eq!(values, rows.concat());
        assert_eq!(
            statements[2].sql,
            "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
        );
        assert!(values_statements("DELETE", Vec::new(), "").is_empty());
    }

    #[test]
    fn a_text_contains_no_nul() {
        assert_eq!(Value::from("a\0b"), Value::Text(Some("a\u{fffd}b".into())));
    }
}
