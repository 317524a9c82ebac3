//! Databases that do not belong to the log: ahead of it, of another one, of an earlier version.

use contract::fact::Empty;
use contract::query::WorldsQuery;
use contract::{Fact, Seq, WorldId};
use testkit::eventually;

use crate::database::{TestDatabase, execute_sqlite};
use crate::support::{
    Harness, Replica, append_many, assert_numbered, complete, custom, event, events_of, post, spent,
};

const GENERATION: &str = "SELECT generation FROM checkpoint";

/// Appends what fills all tables, and returns the last commit.
async fn fill(harness: &Harness, world: &WorldId) -> Seq {
    append_many(harness, world, 0..10).await;
    let used = vec![complete("ada", spent(10, 2))];
    harness.append(world, used).await
}

/// A world of ten numbered events whose rows are there.
async fn archived(harness: &Harness) -> (WorldId, Replica, Seq) {
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let seq = fill(harness, &world).await;
    assert_numbered(harness, &world, seq, 10).await;
    (world, replica, seq)
}

/// After a rebuild the replica serves the twenty numbered events of a world, and those that follow.
async fn is_served_after_a_rebuild(harness: &Harness, replica: Replica, world: &WorldId) {
    harness.rebuild().await;
    becomes_ready(&replica).await;
    let seq = append_many(harness, world, 20..25).await;
    assert_numbered(harness, world, seq, 25).await;
    replica.stop().await;
}

async fn has_state(replica: &Replica, state: &str) {
    eventually(&format!("the archive is not ready: {state}"), async || {
        let problems = replica.health.problems();
        problems.iter().any(|problem| problem.contains(state))
    })
    .await;
}

async fn is_refused(harness: &Harness, replica: &Replica, world: &WorldId, state: &str) {
    has_state(replica, state).await;
    let rejection = harness.rejection(events_of(world, 0)).await.unwrap();
    assert!(rejection.contains(state), "{rejection}");
}

async fn becomes_ready(replica: &Replica) {
    eventually("the archive is ready", async || {
        replica.health.problems().is_empty()
    })
    .await;
}

pub(crate) async fn a_database_of_another_log_is_neither_served_nor_written(mut harness: Harness) {
    let (world, replica, _) = archived(&harness).await;
    replica.stop().await;

    harness.replace_log().await;
    let replica = harness.spawn_replica().await;
    is_refused(&harness, &replica, &world, "mismatch").await;
    // Neither when the log has come as far as the database.
    let (world, _) = harness.create("other").await;
    let seq = append_many(&harness, &world, 0..20).await;
    is_refused(&harness, &replica, &world, "mismatch").await;
    let stored = harness
        .database
        .texts("SELECT DISTINCT world FROM events")
        .await;
    assert_eq!(stored, ["lobby"]);

    harness.rebuild().await;
    becomes_ready(&replica).await;
    assert_numbered(&harness, &world, seq, 20).await;
    let stored = harness
        .database
        .texts("SELECT DISTINCT world FROM events")
        .await;
    assert_eq!(stored, ["other"]);
    replica.stop().await;
}

pub(crate) async fn a_database_ahead_of_its_log_is_not_served_whatever_is_appended(
    harness: Harness,
) {
    let (world, replica, _) = archived(&harness).await;
    replica.stop().await;
    // A copy that was made later than that of the log.
    let ahead = "UPDATE checkpoint SET seq = seq + 3, commit_seq = seq + 3, commit_id = 'lost'";
    harness.database.execute(ahead).await;

    let replica = harness.spawn_replica().await;
    is_refused(&harness, &replica, &world, "mismatch").await;
    append_many(&harness, &world, 10..20).await;
    is_refused(&harness, &replica, &world, "mismatch").await;
    replica.stop().await;
    // A restart changes nothing.
    let replica = harness.spawn_replica().await;
    is_refused(&harness, &replica, &world, "mismatch").await;
    is_served_after_a_rebuild(&harness, replica, &world).await;
}

pub(crate) async fn a_database_that_is_replaced_is_noticed_by_every_replica(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let first = harness.start_replica().await;
    let second = harness.start_replica().await;
    fill(&harness, &world).await;
    let archived =
        async || first.health.problems().is_empty() && second.health.problems().is_empty();
    eventually("both are ready", archived).await;
    harness
        .database
        .execute("UPDATE checkpoint SET commit_id = 'other'")
        .await;
    // Either may get the query.
    has_state(&second, "mismatch").await;
    is_refused(&harness, &first, &world, "mismatch").await;
    // The replica that takes over refuses as well.
    first.stop().await;
    append_many(&harness, &world, 10..15).await;
    is_refused(&harness, &second, &world, "mismatch").await;
    harness.rebuild().await;
    becomes_ready(&second).await;
    let seq = append_many(&harness, &world, 15..20).await;
    assert_numbered(&harness, &world, seq, 20).await;
    second.stop().await;
}

pub(crate) async fn a_mismatch_is_rebuilt_where_configured(mut harness: Harness) {
    harness.config.rebuild_on_mismatch = true;
    let (world, replica, seq) = archived(&harness).await;
    let before = harness.all_rows(&world, seq).await;
    let generation = harness.database.texts(GENERATION).await;
    harness
        .database
        .execute("UPDATE checkpoint SET commit_id = 'other'; DELETE FROM messages")
        .await;
    eventually("the archive is rebuilt", async || {
        let now = harness.database.texts(GENERATION).await;
        now != generation && replica.health.problems().is_empty()
    })
    .await;
    assert_eq!(harness.all_rows(&world, seq).await, before);
    replica.stop().await;
}

pub(crate) async fn a_database_of_an_earlier_version_is_identified_by_its_events(harness: Harness) {
    const WITHOUT_IDS: &str =
        "UPDATE checkpoint SET commit_id = NULL, commit_seq = 0, log_created = NULL";
    let (world, replica, _) = archived(&harness).await;
    replica.stop().await;

    harness.database.execute(WITHOUT_IDS).await;
    let replica = harness.start_replica().await;
    eventually("the checkpoint has an identity", async || {
        let query = "SELECT commit_id FROM checkpoint WHERE log_created > 0 AND commit_seq = seq";
        !harness.database.texts(query).await.is_empty()
    })
    .await;
    let seq = append_many(&harness, &world, 10..12).await;
    assert_numbered(&harness, &world, seq, 12).await;
    replica.stop().await;

    harness.database.execute(WITHOUT_IDS).await;
    harness
        .database
        .execute("UPDATE events SET id = 'other'")
        .await;
    let replica = harness.spawn_replica().await;
    is_refused(&harness, &replica, &world, "mismatch").await;
    replica.stop().await;
}

pub(crate) async fn a_log_that_is_created_anew_is_noticed(mut harness: Harness) {
    let (_, replica, _) = archived(&harness).await;
    harness.publish("", "$JS.API.STREAM.DELETE.MW_LOG").await;
    harness.connect_again().await;
    let (world, _) = harness.create("lobby").await;
    append_many(&harness, &world, 0..20).await;
    is_refused(&harness, &replica, &world, "mismatch").await;
    is_served_after_a_rebuild(&harness, replica, &world).await;
}

pub(crate) async fn a_world_that_was_purged_meanwhile_leaves_no_rows(harness: Harness) {
    let (kept, _) = harness.create("kept").await;
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    harness
        .append(&kept, vec![post("guest", "main", "stays")])
        .await;
    let seq = fill(&harness, &world).await;
    assert_numbered(&harness, &world, seq, 10).await;
    replica.stop().await;

    let deleted = event("world", None, &Fact::WorldDeleted(Empty {}));
    let end = harness.append(&world, vec![deleted]).await;
    harness.bus.log().purge(&world, end).await.unwrap();
    let replica = harness.start_replica().await;
    eventually("the rows of the world are gone", async || {
        harness.database.tables_with(&world).await.is_empty()
    })
    .await;
    assert_eq!(harness.worlds(0).await.len(), 1);
    assert!(!harness.database.tables_with(&kept).await.is_empty());
    replica.stop().await;
}

pub(crate) async fn one_world_is_rebuilt_while_others_are_served(harness: Harness) {
    let (kept, _) = harness.create("kept").await;
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    harness
        .append(&kept, vec![post("guest", "main", "stays")])
        .await;
    let seq = fill(&harness, &world).await;
    let before = harness.all_rows(&world, seq).await;
    harness.database.execute("DELETE FROM messages").await;
    harness.rebuild_worlds(&[&world]).await;
    assert_eq!(harness.all_rows(&world, seq).await, before);
    let messages = harness.messages(&kept, seq).await;
    assert!(messages.is_empty(), "the other world was not rebuilt");

    // One that was begun is completed by the replica that writes, and refused until then.
    replica.stop().await;
    let begun = "INSERT INTO rebuilds (world, seq) VALUES ('lobby', -1)";
    harness.database.execute(begun).await;
    harness.database.execute("DELETE FROM messages").await;
    let replica = harness.spawn_replica().await;
    becomes_ready(&replica).await;
    eventually("the rebuild is complete", async || {
        harness
            .database
            .texts("SELECT world FROM rebuilds")
            .await
            .is_empty()
    })
    .await;
    assert_eq!(harness.all_rows(&world, seq).await, before);
    let seq = append_many(&harness, &world, 10..20).await;
    assert_numbered(&harness, &world, seq, 20).await;
    replica.stop().await;
}

pub(crate) async fn a_rebuild_that_was_stopped_is_completed(harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let seq = fill(&harness, &world).await;
    let before = harness.all_rows(&world, seq).await;
    replica.stop().await;
    harness.stopped_rebuild().await;
    let replica = harness.spawn_replica().await;
    becomes_ready(&replica).await;
    assert_eq!(harness.all_rows(&world, seq).await, before);
    replica.stop().await;
}

pub(crate) async fn rows_that_are_incomplete_are_not_served(harness: Harness) {
    let (world, replica, seq) = archived(&harness).await;
    let incomplete =
        "UPDATE checkpoint SET rebuild_until = seq + 1000, generation = generation + 1";
    harness.database.execute(incomplete).await;
    let query = events_of(&world, seq);
    let rejection = harness.rejection(query).await;
    // Its last commits are not there: then it is complete as it is.
    assert!(rejection.is_none_or(|reason| reason.contains("rebuilding")));
    becomes_ready(&replica).await;
    assert_numbered(&harness, &world, seq, 10).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_while_it_is_open_is_opened_anew() {
    let harness = Harness::new(TestDatabase::sqlite()).await;
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let seq = append_many(&harness, &world, 0..10).await;
    assert_numbered(&harness, &world, seq, 10).await;
    let TestDatabase::Sqlite(folder) = &harness.database else {
        return;
    };
    let copy = folder.path().join("copy.db");
    let make_copy = format!("VACUUM INTO '{}'", copy.display());
    harness.database.execute(&make_copy).await;
    let mark = "UPDATE worlds SET name = 'a copy'";
    execute_sqlite(&format!("sqlite://{}", copy.display()), mark).await;
    let seq = append_many(&harness, &world, 10..20).await;
    assert_numbered(&harness, &world, seq, 20).await;
    std::fs::rename(&copy, folder.path().join("data/archive.db")).unwrap();
    // From the copy on, nothing is missing and nothing is there twice.
    let seq = append_many(&harness, &world, 20..30).await;
    eventually("the file in its place is served", async || {
        let (worlds, _) = harness
            .query(WorldsQuery {
                limit: 1,
                ..WorldsQuery::default()
            })
            .await;
        worlds.iter().any(|row| row.name == "a copy")
    })
    .await;
    assert_numbered(&harness, &world, seq, 30).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_shrinks_when_a_world_is_deleted() {
    let harness = Harness::new(TestDatabase::sqlite()).await;
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let long = format!("\"{}\"", "x".repeat(500_000));
    let mut seq = 0;
    for _ in 0..40 {
        let event = custom("guest", None, "app.long", &long);
        seq = harness.append(&world, vec![event]).await;
    }
    harness.worlds(seq).await;
    let deleted = event("world", None, &Fact::WorldDeleted(Empty {}));
    let seq = harness.append(&world, vec![deleted]).await;
    assert!(harness.worlds(seq).await.is_empty());
    let TestDatabase::Sqlite(folder) = &harness.database else {
        return;
    };
    let size_bytes = |name: &str| {
        let metadata = std::fs::metadata(folder.path().join("data").join(name));
        metadata.map_or(0, |metadata| metadata.len())
    };
    eventually("the files are small", async || {
        size_bytes("archive.db") + size_bytes("archive.db-wal") < 8 << 20
    })
    .await;
    replica.stop().await;
}
