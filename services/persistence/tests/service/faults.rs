//! Faults of the database that no second attempt can mend.

use contract::query::WorldsQuery;
use sqlx::SqlitePool;

use crate::support::{Harness, Place};

async fn database(harness: &Harness, statement: &'static str) {
    let pool = SqlitePool::connect(&harness.place.url()).await.unwrap();
    sqlx::query(statement).execute(&pool).await.unwrap();
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_ends_the_service() {
    let harness = Harness::new(Place::sqlite()).await;
    harness.start_replica().await.stop().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'newer', TRUE, x'00', 0)";
    database(&harness, newer).await;
    let failure = harness.spawn_replica().await.failure().await;
    assert!(failure.contains("migration 9999"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_makes_no_sense_is_told_apart_from_a_database_that_is_away() {
    let harness = Harness::new(Place::sqlite()).await;
    let replica = harness.start_replica().await;
    let (_, seq) = harness.create("lobby").await;
    harness.worlds(seq).await;
    database(&harness, "UPDATE worlds SET seq = -1").await;
    let query = WorldsQuery {
        limit: 10,
        ..WorldsQuery::default()
    };
    let refused = harness.refusal(query).await.unwrap();
    assert!(refused.contains("makes no sense"), "{refused}");
    assert!(replica.health.problems().is_empty());
    replica.stop().await;
}
