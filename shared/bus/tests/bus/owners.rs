//! Requests go to the owner of a world, also while another replica is paused.

use std::time::Duration;

use contract::{Accepted, Command, CommandId, CommandRequest, Reply, Request, subject};
use manyworlds_bus::{Bus, MemberId, Membership};
use testkit::{NatsServer, eventually};
use tokio::task::JoinSet;

use crate::support::{connect, world};

/// Less than one attempt takes: a request of which the first attempt gets no reply fails.
const ONE_ATTEMPT: Duration = Duration::from_secs(1);

/// A replica of the world service, which accepts all commands until it is dropped. Its lease outlives it.
struct Replica {
    _tasks: JoinSet<()>,
}

impl Replica {
    async fn start(bus: &Bus) -> (Self, MemberId) {
        let membership: Membership = bus.membership(subject::WORLD_GROUP);
        let id = membership.id().clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(membership.maintain(std::future::pending()));
        let (bus, owner) = (bus.clone(), id.clone());
        tasks.spawn(async move {
            let partition = world("lobby").partition();
            let requests = bus.responder().subscribe_requests(partition, &owner).await;
            let mut requests = requests.unwrap();
            while let Some(incoming) = requests.next().await {
                assert!(matches!(&*incoming.request, Request::Command(_)));
                let accepted = Accepted {
                    seq: 7,
                    first: 0,
                    events: 1,
                };
                incoming.reply.send(&Reply::Accepted(accepted)).await;
            }
        });
        (Self { _tasks: tasks }, id)
    }
}

/// As a paused process has it: it takes requests, of all senders, and replies to none.
async fn subscribe_silently(nats: &NatsServer, owner: &MemberId) -> [async_nats::Subscriber; 2] {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let partition = world("lobby").partition();
    let of_owner = subject::commands_of_owner(partition, &owner.to_string());
    let of_any = subject::commands_of(partition);
    let subscriptions = [
        client.subscribe(of_owner).await.unwrap(),
        client
            .queue_subscribe(of_any, subject::WORLD_GROUP.to_owned())
            .await
            .unwrap(),
    ];
    client.flush().await.unwrap();
    subscriptions
}

async fn is_answered(bus: &Bus, deadline: Duration) -> bool {
    let request = CommandRequest {
        id: CommandId::new(),
        sender: "ada".parse().unwrap(),
        command: Command::DeleteWorld,
        trace: None,
        run: None,
        principal: None,
    };
    let world = world("lobby");
    let sent = bus.worlds().command(&world, request, deadline);
    sent.await.is_ok()
}

#[tokio::test]
async fn a_paused_replica_keeps_no_requests_once_another_has_taken_over() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (first, id) = Replica::start(&bus).await;
    eventually("the first replica replies", async || {
        is_answered(&bus, ONE_ATTEMPT).await
    })
    .await;
    // It is paused: its subscriptions stay.
    let paused = subscribe_silently(&nats, &id).await;
    drop(first);
    let (_second, _) = Replica::start(&bus).await;
    // What was sent to the first is sent again when its lease is over.
    assert!(is_answered(&bus, ONE_ATTEMPT * 30).await);
    for _ in 0..50 {
        assert!(is_answered(&bus, ONE_ATTEMPT).await);
    }
    drop(paused);
}

#[tokio::test]
async fn what_a_dead_replica_has_left_does_not_delay_the_first_request() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (dead, _) = Replica::start(&bus).await;
    assert!(is_answered(&bus, ONE_ATTEMPT * 30).await);
    drop(dead);
    let (_alive, _) = Replica::start(&bus).await;
    let late = connect(&nats).await;
    assert!(is_answered(&late, ONE_ATTEMPT * 30).await);
}
