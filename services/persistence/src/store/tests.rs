use std::time::Duration;

use super::*;

/// It has no end, and needs no rows.
const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) \
                       SELECT count(*) FROM n WHERE x < 0";

/// All connections are busy with statements without an end. When nobody waits for these any more, the
/// database ends them, and the connections are free.
async fn abandoned_statements_end(store: &Store) {
    store.migrate().await.unwrap();
    let endless = || store.fetch::<(i64,)>(Statement::new(ENDLESS));
    let (first, second, third) = tokio::join!(endless(), endless(), endless());
    for outcome in [first, second, third] {
        let error = outcome.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
    }
    store.checkpoint().await.unwrap();
    // And a transaction that is dropped in the middle leaves nothing behind.
    for _ in 0..3 {
        let insert = "INSERT INTO worlds (id, name, description, created_at, seq) VALUES ('a', '', '', 0, 1)";
        let statements = vec![Statement::new(insert), Statement::new(ENDLESS)];
        let guard = Statement::new("UPDATE checkpoint SET seq = seq");
        let written = store.transaction(guard, statements);
        let abandoned = tokio::time::timeout(Duration::from_millis(200), written).await;
        assert!(abandoned.is_err(), "it has no end");
        let worlds: Vec<(String,)> = store
            .fetch(Statement::new("SELECT id FROM worlds"))
            .await
            .unwrap();
        assert!(worlds.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_are_abandoned_end_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/archive.db", folder.path().display());
    abandoned_statements_end(&Store::open(&url, 1).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_are_abandoned_end_in_postgres() {
    let database = testkit::Database::create().await;
    abandoned_statements_end(&Store::open(&database.url(), 1).unwrap()).await;
}
