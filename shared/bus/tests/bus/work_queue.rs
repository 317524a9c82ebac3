//! Runs that wait for workers.

use std::collections::BTreeSet;
use std::time::Duration;

use contract::{Run, RunId, Timestamp};
use manyworlds_bus::{Bus, Config, PullSubscription};
use testkit::{Direction, NatsServer, TcpProxy};
use uuid::Uuid;

use crate::support::{connect, world};

fn run() -> Run {
    Run {
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
    }
}

async fn pull(bus: &Bus, run: &Run) -> PullSubscription {
    let consumer = bus.work_queue().run_consumer(&run.action).await.unwrap();
    consumer.pull().await.unwrap()
}

/// A request of a worker whose link is dead is still at the server, which knows nothing of that.
#[tokio::test]
async fn what_is_sent_into_a_dead_link_is_with_another_worker_soon() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let link = TcpProxy::start(nats.address()).await;
    let config = Config {
        url: format!("nats://{}", link.address()),
        ..Config::default()
    };
    let lost = Bus::connect(&config, "lost").await.unwrap();
    let mut runs: Vec<Run> = (0..4).map(|_| run()).collect();
    let mut deliveries = pull(&lost, &runs[0]).await;
    // One that comes shows that the rest of the request is there.
    let first = runs.pop().unwrap();
    bus.work_queue().dispatch(&first, None).await.unwrap();
    deliveries.next(10).await.unwrap().ack().await.unwrap();
    link.drop_bytes(Direction::Both);
    for run in &runs {
        bus.work_queue().dispatch(run, None).await.unwrap();
    }
    let received = async {
        let mut missing: BTreeSet<RunId> = runs.iter().map(|run| run.id).collect();
        let mut deliveries = pull(&bus, &first).await;
        while !missing.is_empty() {
            let delivery = deliveries.next(10).await.unwrap();
            assert!(delivery.attempt > 1, "it was sent into the dead link first");
            missing.remove(&delivery.read::<Run>().unwrap().id);
            delivery.ack().await.unwrap();
        }
    };
    let received = tokio::time::timeout(Duration::from_secs(12), received).await;
    assert!(received.is_ok(), "not within 12 s");
}

#[tokio::test]
async fn a_second_dispatch_of_a_run_is_dropped() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let run = run();
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
