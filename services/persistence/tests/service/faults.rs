//! Databases that a retry can't mend: of another version, with invalid data, malformed.

use contract::query::WorldsQuery;
use sqlx::SqlitePool;
use testkit::eventually;

use crate::database::TestDatabase;
use crate::support::{Harness, append_many, assert_numbered, events_of};

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

/// What is left of a copy that was interrupted.
fn tear(harness: &Harness) {
    let TestDatabase::Sqlite(folder) = &harness.database else {
        return;
    };
    let path = folder.path().join("data/archive.db");
    assert!(
        !folder.path().join("data/archive.db-wal").exists(),
        "a service that has ended leaves one file"
    );
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length * 6 / 10).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_file_is_named_until_it_is_rebuilt() {
    let harness = Harness::new(TestDatabase::sqlite()).await;
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let seq = append_many(&harness, &world, 0..50).await;
    assert_numbered(&harness, &world, seq, 50).await;
    replica.stop().await;
    tear(&harness);
    let replica = harness.spawn_replica().await;
    eventually("readiness names it", async || {
        let rejection = harness.rejection(events_of(&world, 0)).await;
        let problems = replica.health.problems();
        problems.iter().any(|problem| problem.contains("malformed"))
            && rejection.is_some_and(|reason| reason.contains("malformed"))
    })
    .await;
    harness.rebuild().await;
    eventually("the archive is ready", async || {
        replica.health.problems().is_empty()
    })
    .await;
    let seq = append_many(&harness, &world, 50..60).await;
    assert_numbered(&harness, &world, seq, 60).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_file_is_set_aside_and_rebuilt_where_configured() {
    let mut harness = Harness::new(TestDatabase::sqlite()).await;
    harness.config.rebuild_on_mismatch = true;
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let seq = append_many(&harness, &world, 0..50).await;
    assert_numbered(&harness, &world, seq, 50).await;
    let rows = harness.all_rows(&world, seq).await;
    replica.stop().await;
    tear(&harness);
    let replica = harness.start_replica().await;
    assert_eq!(harness.all_rows(&world, seq).await, rows);
    let TestDatabase::Sqlite(folder) = &harness.database else {
        return;
    };
    let aside = folder.path().join("data/archive.db.malformed");
    assert!(aside.exists(), "it may be all that is left of a log");
    replica.stop().await;
}
