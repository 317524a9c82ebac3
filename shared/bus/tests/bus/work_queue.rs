//! Runs that wait for workers.

use std::time::Duration;

use contract::{Run, RunId, Timestamp};
use testkit::NatsServer;
use uuid::Uuid;

use crate::support::{connect, world};

#[tokio::test]
async fn a_second_dispatch_of_a_run_is_dropped() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let run = Run {
        id: RunId(Uuid::now_v7()),
        world: world("lobby"),
        action: "echo".parse().unwrap(),
        entity: "ada".parse().unwrap(),
        ability: None,
        arguments: None,
        chat: None,
        message: None,
        turn: None,
        deadline: Timestamp::MAX,
        context: None,
    };
    bus.work_queue().dispatch(&run, None).await.unwrap();
    bus.work_queue().dispatch(&run, None).await.unwrap();
    let consumer = bus.work_queue().run_consumer(&run.action).await.unwrap();
    let mut deliveries = consumer.pull().await.unwrap();
    let first = deliveries.next(10).await.unwrap();
    assert_eq!((first.attempt, first.pending), (1, 0));
    first.retry_after(Duration::ZERO).await.unwrap();
    let again = deliveries.next(10).await.unwrap();
    assert_eq!(again.attempt, 2);
    again.reject("invocation", "it is no good").await.unwrap();
    assert_eq!(bus.dead_letters().count().await.unwrap(), 1);
}

#[tokio::test]
async fn one_claimant_has_a_run_even_if_the_broker_is_killed() {
    let mut nats = NatsServer::start();
    let bus = connect(&nats).await;
    let run = RunId(Uuid::now_v7());
    let claimants: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let claims = claimants
        .iter()
        .map(|claimant| bus.work_queue().claim(run, *claimant));
    let first: Vec<bool> = futures::future::try_join_all(claims).await.unwrap();
    assert_eq!(first.iter().filter(|first| **first).count(), 1, "{first:?}");
    nats.restart();
    let bus = connect(&nats).await;
    for (claimant, first) in claimants.iter().zip(first) {
        assert_eq!(bus.work_queue().claim(run, *claimant).await.unwrap(), first);
    }
    let other = RunId(Uuid::now_v7());
    assert!(bus.work_queue().claim(other, claimants[0]).await.unwrap());
}
