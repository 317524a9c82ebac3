//! Servers that hang, and links that lose everything, without closing a connection.

use std::time::Duration;

use contract::subject::WORLD_GROUP;
use manyworlds_bus::{Bus, Config};
use testkit::{Direction, NatsServer, TcpProxy, eventually_within};
use tokio::task::JoinSet;

use crate::support::{commit, world};

/// The longest that a dead peer may pass for a living one.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);
/// The longest until traffic goes on, where another server is there.
const BACK_WITHIN: Duration = Duration::from_secs(15);

async fn connect(url: String) -> Bus {
    let config = Config {
        url,
        ..Config::default()
    };
    Bus::connect(&config, "test").await.unwrap()
}

async fn append(bus: &Bus, text: &str) -> bool {
    let (commit, lobby) = (commit(text), world("lobby"));
    let last = bus.log().last_seq(&lobby).await;
    match last {
        Ok(last) => bus.log().append(&lobby, &commit, last).await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_noticed() {
    let nats = NatsServer::start();
    let bus = connect(nats.url()).await;
    nats.suspend();
    eventually_within(NOTICED_WITHIN, "it is noticed", async || {
        bus.check().is_err()
    })
    .await;
    nats.resume();
    eventually_within(BACK_WITHIN, "it is back", async || append(&bus, "b").await).await;
}

/// Something is received all the time, as by every process of a system: the heartbeats of others.
#[tokio::test]
async fn a_link_that_loses_one_direction_is_noticed_and_used_again() {
    let nats = NatsServer::start();
    let other = connect(nats.url()).await;
    let heartbeats = other.membership(WORLD_GROUP);
    let mut tasks = JoinSet::new();
    tasks.spawn(heartbeats.maintain(std::future::pending()));
    for direction in [Direction::ToServer, Direction::ToClient] {
        let link = TcpProxy::start(nats.address()).await;
        let bus = connect(format!("nats://{}", link.address())).await;
        assert!(append(&bus, "a").await);
        link.drop_bytes(direction);
        let name = format!("it is noticed: {direction:?}");
        eventually_within(NOTICED_WITHIN, &name, async || bus.check().is_err()).await;
        link.resume();
        let name = format!("traffic goes on: {direction:?}");
        eventually_within(BACK_WITHIN, &name, async || append(&bus, "b").await).await;
    }
}

#[tokio::test]
async fn a_link_that_loses_everything_is_noticed_and_another_server_is_used() {
    let nats = NatsServer::start();
    // The other way to the same server stands for another server of its cluster.
    let [one, other] = [
        TcpProxy::start(nats.address()).await,
        TcpProxy::start(nats.address()).await,
    ];
    let url = [one.address(), other.address()].map(|address| format!("nats://{address}"));
    let bus = connect(url.join(",")).await;
    assert!(append(&bus, "a").await);
    one.stall();
    eventually_within(BACK_WITHIN, "traffic goes on", async || {
        append(&bus, "b").await
    })
    .await;
    one.resume();
    other.stall();
    eventually_within(BACK_WITHIN, "and again", async || append(&bus, "c").await).await;
    // With neither there is no connection.
    one.stall();
    eventually_within(NOTICED_WITHIN, "it is noticed", async || {
        bus.check().is_err()
    })
    .await;
}
