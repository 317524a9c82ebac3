//! Writes that the database refuses for a while.

use testkit::{SmallDisk, eventually};

use crate::database::TestDatabase;
use crate::support::{Harness, Replica, append_many, assert_numbered, custom, events_of};

/// Lets every insertion of events fail. In SQLite as when its disk is full: the transaction is rolled
/// back by SQLite itself.
const REFUSE_SQLITE: &str = "CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN \
                             SELECT RAISE(ROLLBACK, 'refused'); END";
/// In PostgreSQL with the code of a full disk.
const REFUSE_POSTGRES: &str = "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN \
                               RAISE EXCEPTION 'refused' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql; \
                               CREATE TRIGGER refuse BEFORE INSERT ON events \
                               FOR EACH ROW EXECUTE FUNCTION refuse()";

async fn refuse_writes(harness: &Harness) {
    match &harness.database {
        TestDatabase::Sqlite(_) => harness.database.execute(REFUSE_SQLITE).await,
        TestDatabase::Postgres(_) => harness.database.execute(REFUSE_POSTGRES).await,
    }
}

async fn accept_writes(harness: &Harness) {
    let drop = match &harness.database {
        TestDatabase::Sqlite(_) => "DROP TRIGGER refuse",
        TestDatabase::Postgres(_) => "DROP TRIGGER refuse ON events; DROP FUNCTION refuse()",
    };
    harness.database.execute(drop).await;
}

async fn has_problem(replica: &Replica, text: &str) {
    eventually(
        &format!("the readiness problems name: {text}"),
        async || {
            let problems = replica.health.problems();
            problems.iter().any(|problem| problem.contains(text))
        },
    )
    .await;
}

pub(crate) async fn writes_that_fail_are_made_good_later(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let stored = append_many(&harness, &world, 0..10).await;
    assert_numbered(&harness, &world, stored, 10).await;
    // Twice: a connection that failed is of no use, and neither is the one after it.
    for round in 1..=2 {
        refuse_writes(&harness).await;
        let missing = append_many(&harness, &world, round * 10..round * 10 + 10).await;
        has_problem(&replica, "storage").await;
        // What can be read is read.
        assert_numbered(&harness, &world, stored, round * 10).await;
        let rejection = harness.rejection(events_of(&world, missing)).await.unwrap();
        let reason = match harness.database {
            TestDatabase::Sqlite(_) => "can't be written",
            TestDatabase::Postgres(_) => "the disk of the database is full",
        };
        assert!(rejection.contains(reason), "{rejection}");
        has_problem(&replica, &format!("storage: {reason}")).await;
        accept_writes(&harness).await;
        eventually("the archive is ready", async || {
            replica.health.problems().is_empty()
        })
        .await;
        assert_numbered(&harness, &world, missing, round * 10 + 10).await;
    }
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_reported_and_survived() {
    let Some(disk) = SmallDisk::mount(32 << 20) else {
        eprintln!("skipped: this user can't mount a file system");
        return;
    };
    let mut harness = Harness::new(TestDatabase::sqlite()).await;
    harness.config.database = format!("sqlite://{}/archive.db", disk.path().display());
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let stored = append_many(&harness, &world, 0..10).await;
    assert_numbered(&harness, &world, stored, 10).await;
    for round in 1..=2 {
        disk.fill();
        let mut missing = 0;
        // The journal may have some space left.
        for number in round * 10..round * 10 + 10 {
            let long = format!("\"{}\"", "x".repeat(20_000));
            harness
                .append(&world, vec![custom("guest", None, "app.long", &long)])
                .await;
            missing = append_many(&harness, &world, number..number + 1).await;
        }
        has_problem(&replica, "storage: the disk of the database is full").await;
        let now = harness.rejection(events_of(&world, stored)).await;
        assert_eq!(now, None, "what can be read is read");
        let rejection = harness.rejection(events_of(&world, missing)).await.unwrap();
        assert!(
            rejection.contains("the disk of the database is full"),
            "{rejection}"
        );
        disk.free();
        eventually("the archive is ready", async || {
            replica.health.problems().is_empty()
        })
        .await;
        assert_numbered(&harness, &world, missing, round * 10 + 10).await;
    }
    replica.stop().await;
    drop(harness);
}
