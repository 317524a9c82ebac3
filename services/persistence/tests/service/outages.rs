//! Outages of the database and of NATS.

use testkit::eventually;

use crate::database::TestDatabase;
use crate::support::{Harness, append_many, assert_numbered, events_of};

pub(crate) async fn a_database_may_be_unavailable_at_the_start(harness: Harness) {
    harness.database.make_unavailable().await;
    let (world, seq) = harness.create("lobby").await;
    let replica = harness.spawn_replica().await;
    eventually("queries are rejected", async || {
        let rejection = harness.rejection(events_of(&world, 0)).await;
        rejection.is_some_and(|reason| reason.contains("database unavailable"))
    })
    .await;
    eventually("the readiness problems name the database", async || {
        replica
            .health
            .problems()
            .iter()
            .any(|problem| problem.contains("database"))
    })
    .await;
    harness.database.make_available().await;
    eventually("the archive is ready", async || {
        replica.health.problems().is_empty()
    })
    .await;
    assert_eq!(harness.events(&world, seq).await.len(), 4);
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_catches_up_after_an_outage_of_the_database() {
    let harness = Harness::new(TestDatabase::postgres().await).await;
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    let seq = append_many(&harness, &world, 0..10).await;
    assert_numbered(&harness, &world, seq, 10).await;
    harness.database.make_unavailable().await;
    let seq = append_many(&harness, &world, 10..20).await;
    eventually("the readiness problems name the database", async || {
        replica
            .health
            .problems()
            .iter()
            .any(|problem| problem.contains("database"))
    })
    .await;
    eventually("queries are rejected", async || {
        let rejection = harness.rejection(events_of(&world, 0)).await;
        rejection.is_some_and(|reason| reason.contains("database unavailable"))
    })
    .await;
    harness.database.make_available().await;
    eventually("the archive is ready", async || {
        replica.health.problems().is_empty()
    })
    .await;
    assert_numbered(&harness, &world, seq, 20).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_replica_is_ready_again_after_nats_has_hung() {
    let harness = Harness::new(TestDatabase::sqlite()).await;
    let (world, _) = harness.create("lobby").await;
    let replicas = [harness.start_replica().await, harness.start_replica().await];
    let has_problem = |name: &str| {
        replicas.iter().all(|replica| {
            let problems = replica.health.problems();
            problems.iter().any(|problem| problem.starts_with(name))
        })
    };
    harness.nats.suspend();
    eventually("no replica reads the log", async || has_problem("log: ")).await;
    harness.nats.resume();
    // Also the one that does not write.
    eventually("all replicas are ready", async || {
        replicas
            .iter()
            .all(|replica| replica.health.problems().is_empty())
    })
    .await;
    let seq = append_many(&harness, &world, 0..10).await;
    assert_numbered(&harness, &world, seq, 10).await;
    for replica in replicas {
        replica.stop().await;
    }
}

pub(crate) async fn a_restart_of_nats_is_survived(mut harness: Harness) {
    let (world, _) = harness.create("lobby").await;
    let replica = harness.start_replica().await;
    append_many(&harness, &world, 0..10).await;
    harness.nats.restart();
    eventually("NATS is available", async || {
        harness.bus.flush().await.is_ok()
    })
    .await;
    eventually("the log is available", async || {
        harness.bus.log().last_seq(&world).await.is_ok()
    })
    .await;
    let seq = append_many(&harness, &world, 10..20).await;
    eventually("the archive has caught up", async || {
        harness.rejection(events_of(&world, seq)).await.is_none()
    })
    .await;
    assert_numbered(&harness, &world, seq, 20).await;
    replica.stop().await;
}
