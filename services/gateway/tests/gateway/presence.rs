//! Of which entities there are connections, as a gateway registers and reports it.

use serde_json::json;
use testkit::eventually;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;

use crate::keys;
use crate::sockets::Socket;
use crate::support::Harness;

/// The worlds that are registered for the gateway, with its id.
async fn registered(harness: &Harness) -> Option<(contract::GatewayId, contract::WorldId)> {
    let registry = harness.bus.connection_registry();
    let mut worlds = registry.worlds().await.unwrap().into_iter();
    let (gateway, worlds) = worlds.next()?;
    Some((gateway, worlds.into_iter().next()?))
}

#[tokio::test]
async fn a_world_is_registered_while_it_has_connections_of_entities() {
    let harness = Harness::with_lobby().await;
    let mut acts = Socket::open(&harness, "").await;
    let named = Socket::open(&harness, "sender=human").await;
    eventually("the world is registered", async || {
        registered(&harness).await.is_some()
    })
    .await;
    // Another takes this gateway for gone: it reports its connections again.
    let (gateway, world) = registered(&harness).await.unwrap();
    let registry = harness.bus.connection_registry();
    let mut removed = registry.watch_removed(&gateway).await.unwrap();
    registry.remove(&gateway, &world).await.unwrap();
    assert_eq!(removed.next().await.unwrap(), world);
    eventually("the world is registered again", async || {
        registered(&harness).await.is_some()
    })
    .await;
    let event = json!({"type": "send_events", "sender": "ada",
        "events": [{"type": "a.b", "data": 1}]});
    acts.send(event).await;
    acts.receive_type("accepted").await;

    drop(named);
    drop(acts);
    eventually("the world is not registered any more", async || {
        registered(&harness).await.is_none()
    })
    .await;
}

#[tokio::test]
async fn a_socket_is_of_an_entity_that_its_key_may_act_as() {
    let harness = keys::lobby().await;
    let open = async |sender: &str| {
        let query = format!("api_key=limited&sender={sender}");
        let url = harness.url(&format!("/v1/worlds/lobby/ws?{query}"));
        connect_async(url.replace("http:", "ws:")).await
    };
    assert!(open("ada").await.is_ok());
    let Err(Error::Http(response)) = open("human").await else {
        panic!("it was opened");
    };
    assert_eq!(response.status(), 403);
}

#[tokio::test]
async fn who_only_reads_is_nobody() {
    let harness = Harness::with_lobby().await;
    let mut reads = Socket::open(&harness, "entity=ada&after=0").await;
    reads.receive_type("event").await;
    let mut acts = Socket::open(&harness, "sender=human").await;
    acts.send(json!({"type": "ping"})).await;
    acts.receive_type("pong").await;
    eventually("the acting one is registered", async || {
        registered(&harness).await.is_some()
    })
    .await;
    drop(acts);
    eventually("the reading one counts for nothing", async || {
        registered(&harness).await.is_none()
    })
    .await;
}
