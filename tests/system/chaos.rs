use std::time::Duration;

use system_tests::chaos::FaultKind::{
    self, ArchiveCopy, Clock, DataCopy, ForeignArchive, FullArchiveDisk, FullLogDisk, FullLogLimit,
    HalfOpenBroker, HalfOpenClients, HangBroker, Kill, KillBroker, Pause, TornArchive, Upgrade,
};
use system_tests::chaos::{Limits, Plan, run};

/// Puts each of these faults into a system, once and until the time is over.
async fn is_survived(seed: u64, seconds: u64, faults: &[FaultKind]) {
    is_survived_with(1, seed, seconds, faults).await;
}

/// The same with this many NATS servers.
async fn is_survived_with(nats_servers: usize, seed: u64, seconds: u64, faults: &[FaultKind]) {
    let plan = Plan {
        seed,
        duration: Duration::from_secs(seconds),
        worlds: 2,
        senders: 2,
        faults: faults.to_vec(),
        limits: Limits::PATIENT,
        nats_servers,
        upgrade_from: None,
    };
    let counts = run(&plan).await;
    assert!(counts.is_clean(), "{counts}");
    assert!(counts.acknowledged > 20 && counts.answers > 20, "{counts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_reordered_or_hung_whatever_is_killed() {
    is_survived(1, 12, &[Kill, KillBroker, Pause]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_hung_when_a_broker_or_a_link_to_it_hangs() {
    is_survived(2, 0, &[HangBroker, HalfOpenBroker, HalfOpenClients]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_hung_when_disks_are_full_and_clocks_are_wrong() {
    is_survived(
        3,
        0,
        &[FullArchiveDisk, FullLogLimit, FullLogDisk, Clock, Clock],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_data_is_put_back_from_copies() {
    is_survived(4, 0, &[ArchiveCopy, TornArchive, ForeignArchive, DataCopy]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_hung_when_every_service_is_replaced() {
    is_survived(5, 0, &[Upgrade]).await;
}

/// Servers that end are in `nats_failover.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_hung_when_one_of_three_nats_servers_hangs() {
    is_survived_with(3, 6, 0, &[HangBroker]).await;
}
