//! Errors of the database that a retry can't fix.

use contract::query::WorldsQuery;
use sqlx::SqlitePool;

use crate::database::TestDatabase;
use crate::support::Harness;

async fn execute(harness: &Harness, statement: &'static str) {
    let pool = SqlitePool::connect(&harness.database.url()).await.unwrap();
    sqlx::query(statement).execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_ends_the_service() {
    let harness = Harness::new(TestDatabase::sqlite()).await;
    harness.start_replica().await.stop().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'newer', TRUE, x'00', 0)";
    execute(&harness, newer).await;
    let failure = harness.spawn_replica().await.failure().await;
    assert!(failure.contains("migration 9999"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_data_does_not_make_the_database_unavailable() {
    let harness = Harness::new(TestDatabase::sqlite()).await;
    let replica = harness.start_replica().await;
    let (_, seq) = harness.create("lobby").await;
    harness.worlds(seq).await;
    execute(&harness, "UPDATE worlds SET seq = -1").await;
    let query = WorldsQuery {
        limit: 10,
        ..WorldsQuery::default()
    };
    let rejection = harness.rejection(query).await.unwrap();
    assert!(rejection.contains("invalid data"), "{rejection}");
    assert!(replica.health.problems().is_empty());
    replica.stop().await;
}
