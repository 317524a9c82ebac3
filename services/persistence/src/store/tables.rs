//! The tables that are filled from the log.

use super::statement::{Statement, Value, values_statements};

const TABLES: [&str; 10] = [
    "events",
    "messages",
    "chats",
    "entities",
    "usage",
    "usage_hours",
    "interactions",
    "interaction_targets",
    "sessions",
    "worlds",
];

/// Statements that delete all rows of these worlds.
pub(crate) fn delete_worlds(worlds: &[Value]) -> Vec<Statement> {
    let rows: Vec<Vec<Value>> = worlds.iter().map(|id| vec![id.clone()]).collect();
    TABLES
        .iter()
        .flat_map(|table| {
            let column = if *table == "worlds" { "id" } else { "world" };
            values_statements(
                &format!("DELETE FROM {table} WHERE {column} IN ("),
                rows.clone(),
                ")",
            )
        })
        .collect()
}

/// Statements that delete all rows, each beginning with `delete`.
pub(super) fn delete_all(delete: &str) -> Vec<Statement> {
    TABLES
        .iter()
        .chain(&["rebuilds"])
        .map(|table| Statement::new(format!("{delete} {table}")))
        .collect()
}
